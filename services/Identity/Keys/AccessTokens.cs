using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Keys;

/// <summary>Short-lived signed tokens (JWT, ES256) that every service trusts by discovery.</summary>
public sealed class AccessTokens(SigningKeys keys, RealClock clock, IConfiguration configuration)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    public string Issuer { get; } = configuration["Identity:Authority"] ?? throw new InvalidOperationException("Identity:Authority is not set: the address at which services find this one.");

    public Task<string> ForAsync(Person person, CancellationToken ct) => SignAsync(
        new() { ["sub"] = person.Id.ToString(), ["org"] = person.OrganisationId.ToString(), ["name"] = person.DisplayName, ["role"] = person.Roles }, ct);

    public Task<string> ForMachineAsync(string machine, string role, CancellationToken ct) =>
        SignAsync(new() { ["client_id"] = machine, ["name"] = machine, ["role"] = new[] { role } }, ct);

    private async Task<string> SignAsync(Dictionary<string, object> claims, CancellationToken ct)
    {
        var now = clock.Now.UtcDateTime;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Access.Audience, IssuedAt = now, NotBefore = now, Expires = now + Life, Claims = claims, SigningCredentials = await keys.SignerAsync(ct),
        });
    }
}
