using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Tendering.Contracts;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Features;
using Tendering.Identity.Keys;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class DiscoveryTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private async Task<string[]> PublishedAsync()
    {
        var set = await host.Public().GetFromJsonAsync<JsonElement>("/.well-known/jwks.json");
        return [.. set.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];
    }

    private async Task<string> RotateAsync() =>
        (await (await host.As(Roles.Operator).PostAsync("/api/identity/signing-keys/rotation", null)).Content.ReadFromJsonAsync<RotateSigningKeys.Response>())!.KeyId;

    [Fact]
    public async Task The_document_leads_to_public_keys_alone()
    {
        var document = await host.Public().GetFromJsonAsync<JsonElement>("/.well-known/openid-configuration");
        Assert.Equal(("https://tests.invalid", "https://tests.invalid/.well-known/jwks.json"), (document.GetProperty("issuer").GetString(), document.GetProperty("jwks_uri").GetString()));
        var keys = await host.Public().GetFromJsonAsync<JsonElement>("/.well-known/jwks.json");
        Assert.All(keys.GetProperty("keys").EnumerateArray(), k => Assert.Equal(["alg", "crv", "kid", "kty", "use", "x", "y"], k.EnumerateObject().Select(p => p.Name).Order()));
    }

    [Fact]
    public async Task A_retired_key_stays_published_for_longer_than_its_tokens_live()
    {
        var old = (await PublishedAsync())[0];
        var made = await RotateAsync();
        Assert.Equal([made, old], (await PublishedAsync())[..2]);
        host.Real.Advance(AccessTokens.Life + TimeSpan.FromMinutes(1));
        Assert.Contains(old, await PublishedAsync());
        host.Real.Advance(SigningKey.Afterlife);
        Assert.DoesNotContain(old, await PublishedAsync());
        Assert.Contains(made, await PublishedAsync());
    }

    [Fact]
    public async Task A_key_is_rotated_after_ninety_days_by_itself_and_not_before()
    {
        var upkeep = ActivatorUtilities.CreateInstance<Upkeep>(host.Services);
        var first = await RotateAsync();
        host.Real.Advance(SigningKey.SignsFor - TimeSpan.FromMinutes(1));
        await upkeep.RunAsync(default);
        Assert.Equal(first, (await PublishedAsync())[0]);
        host.Real.Advance(TimeSpan.FromMinutes(2));
        await upkeep.RunAsync(default);
        Assert.NotEqual(first, (await PublishedAsync())[0]);
    }

    [Fact]
    public async Task The_private_key_lies_encrypted_in_the_database()
    {
        await PublishedAsync();
        var rows = await host.InDbAsync<IdentityDb, List<SigningKey>>(db => db.SigningKeys.AsNoTracking().ToListAsync());
        using var key = System.Security.Cryptography.ECDsa.Create();
        Assert.All(rows, r => Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => key.ImportPkcs8PrivateKey(r.ProtectedKey, out _)));
    }

    [Fact]
    public async Task Nobody_but_the_operator_rotates()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Supervisor).PostAsync("/api/identity/signing-keys/rotation", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().PostAsync("/api/identity/signing-keys/rotation", null)).StatusCode);
    }

    [Fact]
    public async Task A_running_service_finds_the_key_by_discovery_and_takes_a_new_one_at_once()
    {
        await using var process = await IdentityProcess.StartAsync("Development");
        var agency = await process.TokenOfAsync("agency");
        Assert.Equal("Hangzhou Sunrise Tendering Agency", (await process.Client(agency).GetFromJsonAsync<JsonElement>("/api/identity/me")).GetProperty("organisationName").GetString());
        var rotated = await process.Client(await process.TokenOfAsync("operator")).PostAsync("/api/identity/signing-keys/rotation", null);
        Assert.Equal(HttpStatusCode.OK, rotated.StatusCode);
        var fresh = await process.TokenOfAsync("agency");
        Assert.NotEqual(new JsonWebToken(agency).Kid, new JsonWebToken(fresh).Kid);
        Assert.Equal(HttpStatusCode.OK, (await process.Client(fresh).GetAsync("/api/identity/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await process.Client(agency).GetAsync("/api/identity/me")).StatusCode);
    }
}
