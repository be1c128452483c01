using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Identity.Domain;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class GetTokenTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private async Task<string> SessionAsync()
    {
        var (request, _) = await host.RegisterAsync();
        var answer = await host.SignInAsync(request.Person.UserName, request.Person.Password);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString()!;
    }

    private Task<HttpResponseMessage> TokenAsync(string session) => host.Public().PostAsJsonAsync("/api/identity/sessions/token", new { session });

    [Fact]
    public async Task A_session_gets_new_tokens_until_it_has_been_idle_for_half_an_hour()
    {
        var session = await SessionAsync();
        for (var i = 0; i < 3; i++)
        {
            host.Real.Advance(Session.IdleMax - TimeSpan.FromSeconds(5));
            Assert.Equal(HttpStatusCode.OK, (await TokenAsync(session)).StatusCode);
        }
        host.Real.Advance(Session.IdleMax);
        var ended = await TokenAsync(session);
        Assert.Equal((HttpStatusCode.Unauthorized, "session-ended"), (ended.StatusCode, await ended.CodeAsync()));
    }

    [Fact]
    public async Task Use_does_not_stretch_a_session_beyond_twelve_hours()
    {
        var session = await SessionAsync();
        for (var at = TimeSpan.Zero; at < Session.LifeMax - TimeSpan.FromMinutes(20); at += TimeSpan.FromMinutes(20))
        {
            Assert.Equal(HttpStatusCode.OK, (await TokenAsync(session)).StatusCode);
            host.Real.Advance(TimeSpan.FromMinutes(20));
        }
        host.Real.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("session-ended", await (await TokenAsync(session)).CodeAsync());
    }

    [Fact]
    public async Task The_markets_clock_ends_no_session()
    {
        var session = await SessionAsync();
        host.Clock.Advance(TimeSpan.FromDays(40));
        Assert.Equal(HttpStatusCode.OK, (await TokenAsync(session)).StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_an_unknown_one_is_ended_all_the_same()
    {
        var session = await SessionAsync();
        foreach (var end in new[] { session, session, "unknown" })
            Assert.Equal(HttpStatusCode.NoContent, (await host.Public().PostAsJsonAsync("/api/identity/sessions/end", new { session = end })).StatusCode);
        Assert.Equal("session-ended", await (await TokenAsync(session)).CodeAsync());
    }

    [Theory]
    [InlineData("unknown"), InlineData("%00'; drop table session --")]
    public async Task What_is_no_session_gets_nothing(string session) => Assert.Equal(HttpStatusCode.Unauthorized, (await TokenAsync(session)).StatusCode);
}
