using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Tests;

/// <summary>An authority that processes find by discovery, in place of identity.</summary>
public sealed class TokenIssuer : IAsyncDisposable
{
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "issuer" };
    private readonly WebApplication _app;

    private TokenIssuer(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    public static async Task<TokenIssuer> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Logging.ClearProviders();
        var issuer = new TokenIssuer(builder.Build());
        issuer._app.Urls.Add("http://127.0.0.1:0");
        issuer._app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, string> { ["issuer"] = issuer.Address, ["jwks_uri"] = $"{issuer.Address}/jwks" }));
        issuer._app.MapGet("/jwks", () =>
        {
            var key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(issuer._key);
            return Results.Json(new { keys = new[] { new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = key.Crv, ["x"] = key.X, ["y"] = key.Y, ["kid"] = key.KeyId, ["use"] = "sig", ["alg"] = "ES256" } } });
        });
        await issuer._app.StartAsync();
        issuer.Address = issuer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return issuer;
    }

    public string TokenFor(string role, Guid person) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Address, Audience = Access.Audience, Expires = DateTime.UtcNow.AddMinutes(30), SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
        Subject = new ClaimsIdentity([new("sub", person.ToString()), new("org", Guid.CreateVersion7().ToString()), new("name", "Test"), new("role", role)]),
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.ECDsa.Dispose();
    }
}
