using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tendering.Gateway.Tests;

public class LimitsTests
{
    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();

    [Fact]
    public async Task Guessing_passwords_is_slowed_down_by_address_on_every_way_in()
    {
        await using var door = await Door.OpenAsync(("Limits:SignInPerMinute", "3"));
        using var browser = door.Browser();
        var ways = new Func<Task<HttpResponseMessage>>[]
        {
            () => browser.SignInAsync("wrong"),
            () => browser.SendAsync(HttpMethod.Post, "/api/identity/sessions", JsonContent.Create(new { userName = "li", password = "wrong" })),
            () => browser.SendAsync(HttpMethod.Post, "/connect/token"),
        };
        for (var i = 0; i < 3; i++) Assert.NotEqual(HttpStatusCode.TooManyRequests, (await ways[i % ways.Length]()).StatusCode);
        foreach (var way in ways)
        {
            var refused = await way();
            Assert.Equal((HttpStatusCode.TooManyRequests, "too-many-requests"), (refused.StatusCode, await CodeAsync(refused)));
            Assert.InRange(int.Parse(refused.Headers.GetValues("Retry-After").Single(), System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        }
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/tenders/notices")).StatusCode);
    }

    [Fact]
    public async Task Calls_are_counted_by_session_or_else_by_address()
    {
        await using var door = await Door.OpenAsync(("Limits:CallsPerMinute", "2"));
        using var one = door.Browser();
        using var other = door.Browser();
        await one.SignInAsync();
        await other.SignInAsync();
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.OK, (await one.OpenAsync("/api/tenders/x")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await one.OpenAsync("/api/tenders/x")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.OpenAsync("/api/tenders/x")).StatusCode);
        using var stranger = door.Browser();
        Assert.Equal(HttpStatusCode.OK, (await stranger.OpenAsync("/api/tenders/x", ("Cookie", $"{SessionCookie.Name}=made-up-1"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await stranger.OpenAsync("/api/tenders/x", ("Cookie", $"{SessionCookie.Name}=made-up-2"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await stranger.OpenAsync("/api/tenders/x", ("Cookie", $"{SessionCookie.Name}=made-up-3"))).StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_and_the_client_can_read_why()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var refused = await browser.SendAsync(HttpMethod.Put, "/api/bidding/uploads/1", new ByteArrayContent(new byte[9 * 1024 * 1024]));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (refused.StatusCode, await CodeAsync(refused)));
        Assert.Empty(door.Upstream.Calls);
    }

    [Fact]
    public async Task A_body_that_does_not_say_how_large_it_is_ends_at_the_limit()
    {
        await using var door = await Door.OpenAsync(("Limits:BodyBytes", "1000"));
        using var browser = door.Browser();
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(HttpMethod.Put, "/api/bidding/uploads/1", new ByteArrayContent(new byte[1000]))).StatusCode);
        var request = new HttpRequestMessage(HttpMethod.Put, new Uri(new Uri(door.Address), "/api/bidding/uploads/1")) { Content = new StreamContent(new MemoryStream(new byte[20_000])) };
        request.Headers.TransferEncodingChunked = true;
        try
        {
            var refused = await browser.SendAsync(request);
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (refused.StatusCode, await CodeAsync(refused)));
        }
        catch (HttpRequestException) { /* the connection was cut before the answer could be read: refused too */ }
        Assert.Single(door.Upstream.Calls);
    }

    [Fact]
    public async Task An_uploads_bytes_pass_through_beyond_the_limit_of_other_bodies_and_end_at_their_own()
    {
        await using var door = await Door.OpenAsync(("Limits:BodyBytes", "1000"), ("Limits:UploadBytes", "9000000"));
        using var browser = door.Browser();
        static ByteArrayContent Bytes(int length) => new(new byte[length]) { Headers = { ContentType = new("application/offset+octet-stream") } };
        var answer = await browser.SendAsync(HttpMethod.Patch, "/api/bidding/uploads/1", Bytes(8 * 1024 * 1024));
        Assert.Equal(8 * 1024 * 1024, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("length").GetInt32());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await browser.SendAsync(HttpMethod.Patch, "/api/bidding/uploads/1", Bytes(9_000_001))).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await browser.SendAsync(HttpMethod.Put, "/api/bidding/uploads/1", Bytes(1001))).StatusCode);
    }
}
