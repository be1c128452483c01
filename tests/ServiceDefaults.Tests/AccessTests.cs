using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using Tendering.Contracts;
using Tendering.ServiceDefaults.Tests.Notes;

namespace Tendering.ServiceDefaults.Tests;

public class AccessTests(NotesHost host) : IClassFixture<NotesHost>
{
    private async Task<HttpStatusCode> AskAsync(string token, string path = "/api/notes/mine")
    {
        using var client = host.Public();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return (await client.GetAsync(path)).StatusCode;
    }

    private string Token(Action<SecurityTokenDescriptor>? change = null) => host.TokenFor([Roles.Centre], Guid.CreateVersion7(), Guid.CreateVersion7(), change);

    [Fact]
    public async Task A_route_without_a_word_on_access_is_closed_to_all()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync("/api/notes/unspoken")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As([.. Roles.All]).GetAsync("/api/notes/unspoken")).StatusCode);
    }

    [Fact]
    public async Task A_role_opens_its_routes_and_no_other()
    {
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Centre).GetAsync("/api/notes/centre")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Bidder).GetAsync("/api/notes/centre")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As([]).GetAsync("/api/notes/centre")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync("/api/notes/centre")).StatusCode);
    }

    [Fact]
    public async Task The_caller_is_who_the_token_says()
    {
        var (organisation, person) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var caller = (await host.As([Roles.Agency, Roles.Finance], organisation, person).GetFromJsonAsync<System.Text.Json.JsonElement>("/api/notes/mine"));
        Assert.Equal((person, organisation), (caller.GetProperty("personId").GetGuid(), caller.GetProperty("organisationId").GetGuid()));
        Assert.Equal([Roles.Agency, Roles.Finance], caller.GetProperty("roles").EnumerateArray().Select(r => r.GetString()!));
        Assert.Equal("127.0.0.1", caller.GetProperty("address").GetString());
    }

    [Fact]
    public async Task A_good_token_is_taken() => Assert.Equal(HttpStatusCode.OK, await AskAsync(Token()));

    [Fact]
    public async Task A_token_for_another_audience_is_refused() => Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t => t.Audience = "elsewhere")));

    [Fact]
    public async Task A_token_of_another_issuer_is_refused() => Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t => t.Issuer = "https://elsewhere.invalid")));

    [Fact]
    public async Task An_expired_token_is_refused() =>
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t => (t.NotBefore, t.Expires) = (DateTime.UnixEpoch.AddYears(50), DateTime.UnixEpoch.AddYears(51)))));

    [Fact]
    public async Task A_token_that_never_expires_is_refused() => Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t => t.Expires = null)));

    [Fact]
    public async Task A_token_of_the_future_is_refused() =>
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t => (t.NotBefore, t.Expires) = (DateTime.UnixEpoch.AddYears(200), DateTime.UnixEpoch.AddYears(201)))));

    [Fact]
    public async Task A_token_signed_with_another_key_is_refused() => Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Token(t =>
        t.SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "tests" }, SecurityAlgorithms.EcdsaSha256))));

    [Fact]
    public async Task A_token_without_a_signature_is_refused()
    {
        var parts = Token().Split('.');
        var none = Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{none}.{parts[1]}."));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{parts[0]}.{parts[1]}."));
    }

    [Fact]
    public async Task A_token_keyed_with_the_public_key_is_refused()
    {
        SecurityKey? key = null;
        var parts = Token(t => key = t.SigningCredentials.Key).Split('.');
        var header = Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"JWT","kid":"tests"}""");
        var secret = Encoding.UTF8.GetBytes(((ECDsaSecurityKey)key!).ECDsa.ExportSubjectPublicKeyInfoPem());
        var signature = Base64UrlEncoder.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes($"{header}.{parts[1]}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{header}.{parts[1]}.{signature}"));
    }

    [Fact]
    public async Task A_changed_claim_breaks_the_signature()
    {
        var parts = Token().Split('.');
        var claims = Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace(Roles.Centre, Roles.Operator, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{parts[0]}.{claims}.{parts[2]}"));
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/openapi/notes.json")]
    public async Task Health_and_the_API_document_are_public(string path) =>
        await Testing.ServiceFixture.EventuallyAsync(async () => (await host.Public().GetAsync(path)).StatusCode == HttpStatusCode.OK);

    [Fact]
    public void Every_route_but_the_one_that_is_meant_to_says_who_may_call_it()
    {
        var silent = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<AccessMetadata>() is null);
        Assert.Equal(["/api/notes/unspoken"], silent.Select(e => e.RoutePattern.RawText));
    }
}
