using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Tendering.Identity.Data;
using Tendering.Identity.Features;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class SignInTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private async Task<(string Name, string Password)> SomeoneAsync()
    {
        var (request, _) = await host.RegisterAsync();
        return (request.Person.UserName, request.Person.Password);
    }

    private static async Task<(HttpStatusCode, string?, string?)> ReadAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (answer.StatusCode, body.GetProperty("code").GetString(), body.GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_token_says_who_and_for_whom_and_lives_five_minutes()
    {
        var (name, password) = await SomeoneAsync();
        var body = await (await host.SignInAsync(name, password)).Content.ReadFromJsonAsync<JsonElement>();
        var token = new JsonWebToken(body.GetProperty("accessToken").GetString());
        var person = body.GetProperty("person");
        Assert.Equal(("ES256", "https://tests.invalid", "tendering"), (token.Alg, token.Issuer, token.Audiences.Single()));
        Assert.Equal((person.GetProperty("id").GetString(), person.GetProperty("organisationId").GetString()), (token.Subject, token.GetClaim("org").Value));
        Assert.Equal(("Li Ming", "bidder"), (token.GetClaim("name").Value, token.GetClaim("role").Value));
        Assert.Equal(TimeSpan.FromMinutes(5), token.ValidTo - token.IssuedAt);
        Assert.Equal(300, body.GetProperty("expiresIn").GetInt32());
        Assert.False(token.TryGetClaim("client_id", out _));
    }

    [Fact]
    public async Task A_user_name_is_the_same_in_any_case_of_letters()
    {
        var (name, password) = await SomeoneAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync(name.ToUpperInvariant(), password)).StatusCode);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_get_the_same_answers_until_both_are_locked()
    {
        var (name, password) = await SomeoneAsync();
        var nobody = "nobody-" + Guid.NewGuid().ToString("N")[..8];
        for (var attempt = 1; attempt <= SignInGuard.FailuresMax + 2; attempt++)
        {
            var (real, unreal) = (await ReadAsync(await host.SignInAsync(name, "wrong password")), await ReadAsync(await host.SignInAsync(nobody, "wrong password")));
            Assert.Equal(real, unreal);
            Assert.Equal((HttpStatusCode.Unauthorized, attempt <= SignInGuard.FailuresMax ? "sign-in-failed" : "locked-out"), (real.Item1, real.Item2));
        }
        Assert.Equal("locked-out", await (await host.SignInAsync(name, password)).CodeAsync());
    }

    [Fact]
    public async Task A_lock_ends_after_fifteen_minutes_of_real_time()
    {
        var (name, password) = await SomeoneAsync();
        for (var i = 0; i < SignInGuard.FailuresMax; i++) await host.SignInAsync(name, "wrong password");
        host.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("locked-out", await (await host.SignInAsync(name, password)).CodeAsync());
        host.Real.Advance(SignInGuard.LockedFor - TimeSpan.FromSeconds(1));
        Assert.Equal("locked-out", await (await host.SignInAsync(name, password)).CodeAsync());
        host.Real.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync(name, password)).StatusCode);
    }

    [Fact]
    public async Task A_success_forgets_the_failures()
    {
        var (name, password) = await SomeoneAsync();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < SignInGuard.FailuresMax - 1; i++) await host.SignInAsync(name, "wrong password");
            Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync(name, password)).StatusCode);
        }
    }

    [Fact]
    public async Task A_burst_of_guesses_gets_no_more_than_five_tries_and_a_burst_of_honest_ones_is_not_locked()
    {
        var (guessed, _) = await SomeoneAsync();
        var codes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await (await host.SignInAsync(guessed, "wrong password")).CodeAsync()));
        Assert.Equal(SignInGuard.FailuresMax, codes.Count(c => c == "sign-in-failed"));

        var (honest, password) = await SomeoneAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.SignInAsync(honest, password)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
    }

    [Fact]
    public async Task No_secret_and_no_name_that_was_tried_is_in_the_database()
    {
        var (name, password) = await SomeoneAsync();
        var session = (await (await host.SignInAsync(name, password)).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString()!;
        await host.SignInAsync("typed-into-the-wrong-field", "x");
        var rows = await host.InDbAsync<IdentityDb, List<string>>(db => db.Database.SqlQuery<string>(
            $"""
            select t::text as "Value" from session t union all select t::text from sign_in_guard t union all select t::text from person t
            union all select t::text from idempotency t union all select t::text from outbox t
            """).ToListAsync());
        Assert.Contains(rows, r => r.Contains(name, StringComparison.Ordinal));
        Assert.DoesNotContain(rows, r => r.Contains(session, StringComparison.Ordinal) || r.Contains(password, StringComparison.Ordinal) || r.Contains("wrong-field", StringComparison.Ordinal));
    }
}
