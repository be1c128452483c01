using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tendering.Gateway.Tests;

public class SessionsTests
{
    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();

    [Fact]
    public async Task A_cookie_becomes_a_token_on_the_way_and_no_token_ever_reaches_the_browser()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var signedIn = await browser.SignInAsync();
        var (session, _) = door.Upstream.Sessions.Single();
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("""{"person":{"id":1,"name":"Li","roles":["agency"]}}""", await signedIn.Content.ReadAsStringAsync());

        var answers = new[] { signedIn, await browser.OpenAsync("/api/tenders/drafts"), await browser.OpenAsync("/session") };
        Assert.Equal($"Bearer token-0-{session}", door.Upstream.Calls.Last().Headers["Authorization"]);
        Assert.DoesNotContain("Cookie", door.Upstream.Calls.Last().Headers.Keys, StringComparer.OrdinalIgnoreCase);
        foreach (var answer in answers)
        {
            var everything = answer.Headers + answer.Content.Headers.ToString() + await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("token-", everything, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-", everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task However_many_calls_need_a_new_token_it_is_fetched_once()
    {
        await using var door = await Door.OpenAsync();
        door.Upstream.ExpiresIn = 1;                                  // too short to keep
        using var browser = door.Browser();
        await browser.SignInAsync();
        door.Upstream.ExpiresIn = 300;
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => browser.OpenAsync("/api/tenders/drafts")));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.Equal(1, door.Upstream.TokensGiven);
    }

    [Fact]
    public async Task A_token_that_is_about_to_end_is_not_used()
    {
        await using var door = await Door.OpenAsync();
        door.Upstream.ExpiresIn = 29;
        using var browser = door.Browser();
        await browser.SignInAsync();
        await browser.OpenAsync("/api/tenders/drafts");
        Assert.StartsWith("Bearer token-1-", door.Upstream.Calls.Last().Headers["Authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_whose_caller_went_away_is_not_left_for_the_next()
    {
        await using var door = await Door.OpenAsync();
        door.Upstream.ExpiresIn = 1;
        using var browser = door.Browser();
        await browser.SignInAsync();
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => browser.GetAsync(door.Address + "/api/tenders/drafts", impatient.Token));
        await browser.OpenAsync("/api/tenders/drafts");
        var first = door.Upstream.Calls.Last().Headers["Authorization"];
        await browser.OpenAsync("/api/tenders/drafts");
        Assert.NotEqual(first, door.Upstream.Calls.Last().Headers["Authorization"]);
    }

    [Fact]
    public async Task A_sign_out_overtakes_a_token_that_is_on_its_way()
    {
        await using var door = await Door.OpenAsync();
        door.Upstream.ExpiresIn = 1;
        using var browser = door.Browser();
        var cookie = (await browser.SignInAsync()).Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        door.Upstream.ExpiresIn = 300;
        using var thief = door.Browser();
        var underWay = thief.OpenAsync("/api/tenders/drafts", ("Cookie", cookie));
        while (door.Upstream.TokensAsked == 0) await Task.Yield();
        await browser.SendAsync(HttpMethod.Delete, "/session", null, (Sessions.CsrfHeader, "1"));
        await underWay;
        await thief.OpenAsync("/api/tenders/drafts", ("Cookie", cookie));
        Assert.DoesNotContain("Authorization", door.Upstream.Calls.Last().Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Who_am_I_names_the_person_or_nobody()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        Assert.Equal("""{"person":null}""", await (await browser.OpenAsync("/session")).Content.ReadAsStringAsync());
        await browser.SignInAsync();
        Assert.Equal("""{"person":{"id":1,"name":"Li","token":"sent"}}""", await (await browser.OpenAsync("/session")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_wrong_password_is_told_as_identity_tells_it_and_sets_no_cookie()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var refused = await browser.SignInAsync("wrong");
        Assert.Equal((HttpStatusCode.Unauthorized, "sign-in-failed"), (refused.StatusCode, await CodeAsync(refused)));
        Assert.False(refused.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("nonsense", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("userName=li&password=right", "application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]   // what another site's form could send
    public async Task Nothing_but_JSON_signs_in(string body, string type, HttpStatusCode status)
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        Assert.Equal(status, (await browser.SendAsync(HttpMethod.Post, "/session", new StringContent(body, System.Text.Encoding.UTF8, type))).StatusCode);
        Assert.Empty(door.Upstream.Sessions);
    }

    [Fact]
    public async Task A_change_by_cookie_needs_the_header_that_another_site_cannot_send()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        await browser.SignInAsync();
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch })
        {
            var before = door.Upstream.Calls.Count;
            var forged = await browser.SendAsync(method, "/api/tenders/drafts");
            Assert.Equal((HttpStatusCode.Forbidden, "csrf"), (forged.StatusCode, await CodeAsync(forged)));
            Assert.Equal(before, door.Upstream.Calls.Count);
            Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(method, "/api/tenders/drafts", null, (Sessions.CsrfHeader, "1"))).StatusCode);
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Delete, "/session")).StatusCode);
        using var stranger = door.Browser();
        Assert.Equal(HttpStatusCode.OK, (await stranger.SendAsync(HttpMethod.Post, "/api/tenders/drafts")).StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_here_and_at_identity()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        var cookie = (await browser.SignInAsync()).Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        Assert.Equal(HttpStatusCode.NoContent, (await browser.SendAsync(HttpMethod.Delete, "/session", null, (Sessions.CsrfHeader, "1"))).StatusCode);
        Assert.Empty(door.Upstream.Sessions);

        // Whoever kept the cookie has nothing.
        using var thief = door.Browser();
        var answer = await thief.OpenAsync("/api/tenders/drafts", ("Cookie", cookie));
        Assert.DoesNotContain("Authorization", door.Upstream.Calls.Last().Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith(SessionCookie.Name + "=;", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_that_ended_at_identity_leaves_a_stranger_who_still_sees_what_is_public()
    {
        await using var door = await Door.OpenAsync();
        door.Upstream.ExpiresIn = 1;
        using var browser = door.Browser();
        await browser.SignInAsync();
        door.Upstream.Sessions.Clear();
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/api/tenders/notices")).StatusCode);
        Assert.DoesNotContain("Authorization", door.Upstream.Calls.Last().Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("rubbish"), InlineData("CfDJ8AAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_cookie_that_was_made_up_is_no_session(string value)
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        await browser.OpenAsync("/api/tenders/notices", ("Cookie", $"{SessionCookie.Name}={value}"));
        Assert.DoesNotContain(door.Upstream.Calls.Last().Headers.Keys, k => k is "Authorization" or "Cookie");
    }
}
