using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tendering.Gateway.Tests;

public class ProxyTests
{
    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();

    [Theory]
    [InlineData("/api/bid-opening/lots/1/record"), InlineData("/connect/token"), InlineData("/.well-known/jwks.json"), InlineData("/openapi/expert-selection.json"), InlineData("/api/identity/sessions/x"), InlineData("/log/checkpoint"), InlineData("/log/tile/entries/x001/000.p/5")]
    public async Task A_path_leads_to_its_service(string path)
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        Assert.Equal(path, (await (await browser.OpenAsync(path)).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString());
    }

    [Fact]
    public async Task Each_service_has_its_own_address()
    {
        await using var other = await Upstream.StartAsync();
        await using var door = await Door.OpenAsync(("Services:bidopening", other.Address));
        using var browser = door.Browser();
        await browser.OpenAsync("/api/bid-opening/lots/1");
        await browser.OpenAsync("/api/bidding/lots/1");
        Assert.Equal(("/api/bid-opening/lots/1", "/api/bidding/lots/1"), (other.Calls.Single().Path, door.Upstream.Calls.Single().Path));
    }

    [Theory]
    [InlineData("/api/unknown/x"), InlineData("/api"), InlineData("/openapi/unknown.json"), InlineData("/nothing")]
    public async Task What_there_is_not_is_not_found(string path)
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var answer = await browser.OpenAsync(path);
        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (answer.StatusCode, await CodeAsync(answer)));
    }

    [Fact]
    public async Task A_program_with_its_own_token_passes()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        await browser.SendAsync(HttpMethod.Post, "/api/escrow/bank-notices", JsonContent.Create(new { x = 1 }), ("Authorization", "Bearer mine"), ("Idempotency-Key", "k"));
        var seen = door.Upstream.Calls.Single();
        Assert.Equal(("Bearer mine", "k", """{"x":1}"""), (seen.Headers["Authorization"], seen.Headers["Idempotency-Key"], seen.Body));
    }

    [Fact]
    public async Task Nobody_but_the_gateway_says_where_a_call_came_from_or_who_called()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        await browser.SignInAsync();
        var (session, _) = door.Upstream.Sessions.Single();
        await browser.OpenAsync("/api/tenders/drafts", ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil"),
            ("X-Real-IP", "6.6.6.6"), ("Forwarded", "for=6.6.6.6"), ("X-Original-For", "6.6.6.6"), ("Authorization", "Bearer forged"));
        var headers = door.Upstream.Calls.Last().Headers;
        Assert.Equal(("127.0.0.1", "http", $"Bearer token-0-{session}"), (headers["X-Forwarded-For"], headers["X-Forwarded-Proto"], headers["Authorization"]));
        Assert.DoesNotContain(headers, h => h.Value.Contains("6.6.6.6", StringComparison.Ordinal) || h.Value.Contains("evil", StringComparison.Ordinal) || h.Value.Contains("forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_load_balancer_is_believed_only_if_its_network_is_named()
    {
        await using var door = await Door.OpenAsync(("Gateway:TrustedProxies", "127.0.0.0/8"));
        using var browser = door.Browser();
        var answer = await browser.OpenAsync("/api/tenders/notices", ("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Proto", "https"));
        var headers = door.Upstream.Calls.Single().Headers;
        Assert.Equal(("198.51.100.7", "https"), (headers["X-Forwarded-For"], headers["X-Forwarded-Proto"]));
        Assert.True(answer.Headers.Contains("Strict-Transport-Security"));
        var signedIn = await browser.SendAsync(HttpMethod.Post, "/session", JsonContent.Create(new { userName = "li", password = "right" }), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7"));
        Assert.Contains("secure", signedIn.Headers.GetValues("Set-Cookie").Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("198.51.100.7", door.Upstream.Calls.Last().Headers["X-Forwarded-For"]);
    }

    [Fact]
    public async Task A_trace_goes_on_through_the_gateway()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var trace = ActivityTraceId.CreateRandom().ToString();
        await browser.OpenAsync("/api/tenders/notices", ("traceparent", $"00-{trace}-00f067aa0ba902b7-01"));
        Assert.Equal(trace, door.Upstream.Calls.Single().TraceId);
    }

    [Fact]
    public async Task A_service_that_is_down_is_unavailable_for_now_and_the_others_are_not()
    {
        var gone = await Upstream.StartAsync();
        await using var door = await Door.OpenAsync(("Services:escrow", gone.Address));
        using var browser = door.Browser();
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/escrow/x")).StatusCode);
        await gone.DisposeAsync();
        var answer = await browser.SendAsync(HttpMethod.Post, "/api/escrow/x", JsonContent.Create(new { x = 1 }));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable", "1"), (answer.StatusCode, await CodeAsync(answer), answer.Headers.GetValues("Retry-After").Single()));
        Assert.DoesNotContain("127.0.0.1", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/tenders/x")).StatusCode);

        await using var back = await Upstream.StartAsync(gone.Address);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/escrow/x")).StatusCode);
    }

    [Fact]
    public async Task Without_identity_nobody_signs_in_and_a_known_token_still_serves()
    {
        var identity = await Upstream.StartAsync();
        await using var door = await Door.OpenAsync(("Services:identity", identity.Address));
        using var browser = door.Browser();
        await browser.SignInAsync();
        await identity.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/tenders/x")).StatusCode);
        using var other = door.Browser();
        var refused = await other.SignInAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (refused.StatusCode, await CodeAsync(refused)));
    }

    [Fact]
    public async Task The_list_of_API_documents_names_every_service()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var list = await (await browser.OpenAsync("/openapi")).Content.ReadFromJsonAsync<JsonElement>();
        foreach (var document in list.GetProperty("documents").EnumerateArray())
            Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync(document.GetProperty("url").GetString()!)).StatusCode);
        Assert.Equal(Destinations.Names, list.GetProperty("documents").EnumerateArray().Select(d => d.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task The_gateway_is_ready_when_all_services_are()
    {
        await using var late = await Upstream.StartAsync();
        late.Ready = false;
        await using var door = await Door.OpenAsync(("Services:credit", late.Address));
        using var browser = door.Browser();
        var waiting = await browser.OpenAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, waiting.StatusCode);
        Assert.Contains("credit", await waiting.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/health/live")).StatusCode);
        late.Ready = true;
        var start = Stopwatch.GetTimestamp();
        while ((await browser.OpenAsync("/health/ready")).StatusCode != HttpStatusCode.OK)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "never ready");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_service_without_an_address_stops_the_start()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Door.OpenAsync(("Services:escrow", "")));
        Assert.Contains("Services:escrow", refused.Message, StringComparison.Ordinal);
    }
}
