using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Keys;

/// <summary>The ring of keys that tokens are signed with, as the database has it; read again after a short while, since other instances rotate too.</summary>
public sealed class SigningKeys(IServiceScopeFactory scopes, Secrets secrets, RealClock clock)
{
    public const string Purpose = "identity/signing-key";
    private const int LockClass = 727002, LockRotation = 1;
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(10);

    private volatile Ring? _ring;

    private sealed record Ring(ECDsaSecurityKey Signer, IReadOnlyList<JsonWebKey> Published, DateTimeOffset ReadAt);

    public async Task<SigningCredentials> SignerAsync(CancellationToken ct) => new((await RingAsync(ct)).Signer, SecurityAlgorithms.EcdsaSha256);

    /// <summary>Public keys, newest first.</summary>
    public async Task<IReadOnlyList<JsonWebKey>> PublishedAsync(CancellationToken ct) => (await RingAsync(ct)).Published;

    /// <summary>A new key signs from now on; the others retire. Only when the newest is old, unless forced. Returns the id of the key that signs.</summary>
    public async Task<string> RotateAsync(bool force, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockClass}, {LockRotation})", ct);
        var now = clock.Now;
        var alive = await db.SigningKeys.Where(k => k.RetiredAt == null).OrderByDescending(k => k.MadeAt).ThenByDescending(k => k.Id).ToListAsync(ct);
        if (!force && alive is [var newest, ..] && !newest.IsOld(now)) return newest.Id;
        foreach (var key in alive) key.RetiredAt = now;
        var made = Make(now);
        db.Add(made);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        _ring = null;
        return made.Id;
    }

    private async Task<Ring> RingAsync(CancellationToken ct)
    {
        var now = clock.Now;
        if (_ring is { } known && now < known.ReadAt + ReadAgainAfter) return known;
        if (await ReadAsync(now, ct) is { } ring) return _ring = ring;
        await RotateAsync(force: false, ct);
        return _ring = await ReadAsync(now, ct) ?? throw new InvalidOperationException("There is no signing key.");
    }

    private async Task<Ring?> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var oldest = now - SigningKey.Afterlife;
        var rows = await scope.ServiceProvider.GetRequiredService<IdentityDb>().SigningKeys.AsNoTracking()
            .Where(k => k.RetiredAt == null || k.RetiredAt > oldest).OrderByDescending(k => k.MadeAt).ThenByDescending(k => k.Id).ToListAsync(ct);
        if (!rows.Exists(k => k.RetiredAt is null)) return null;
        var keys = rows.ConvertAll(row => (Row: row, Key: Open(row)));
        return new Ring(keys.First(k => k.Row.RetiredAt is null).Key, [.. keys.Select(k => Public(k.Key))], now);
    }

    private SigningKey Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SigningKey { Id = Guid.CreateVersion7().ToString("N"), ProtectedKey = secrets.Protect(key.ExportPkcs8PrivateKey(), Purpose), MadeAt = now };
    }

    private ECDsaSecurityKey Open(SigningKey row)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secrets.Reveal(row.ProtectedKey, Purpose), out _);
        return new ECDsaSecurityKey(key) { KeyId = row.Id };
    }

    private static JsonWebKey Public(ECDsaSecurityKey key)
    {
        var point = key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
        return new JsonWebKey
        {
            Kty = "EC", Crv = "P-256", Use = "sig", Alg = SecurityAlgorithms.EcdsaSha256, Kid = key.KeyId,
            X = Base64UrlEncoder.Encode(point.X), Y = Base64UrlEncoder.Encode(point.Y),
        };
    }
}
