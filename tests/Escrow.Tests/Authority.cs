using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Tests;

/// <summary>Who signs tokens for a process of its own: discovery and keys as identity gives them.</summary>
public sealed class Authority : IAsyncDisposable
{
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "tests" };
    private readonly WebApplication _app;

    private Authority()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = Address, jwks_uri = $"{Address}/keys" }));
        _app.MapGet("/keys", () =>
        {
            var point = _key.ECDsa.ExportParameters(false).Q;
            return Results.Json(new { keys = new[] { new { kty = "EC", crv = "P-256", alg = "ES256", use = "sig", kid = "tests", x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) } } });
        });
    }

    public string Address => _app.Urls.First();

    public static async Task<Authority> StartAsync()
    {
        var authority = new Authority();
        await authority._app.StartAsync();
        return authority;
    }

    public HttpClient ClientOf(Uri address, string role)
    {
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Address, Audience = Access.Audience, Expires = DateTime.UtcNow.AddMinutes(30), SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
            Subject = new ClaimsIdentity([new("sub", Guid.CreateVersion7().ToString()), new("org", Guid.CreateVersion7().ToString()), new("name", "Test"), new("role", role)]),
        });
        return new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
