using System.Security.Cryptography;
using Npgsql;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>The key that signs receipts: made once for all instances, stored encrypted, public as a JWK.</summary>
public sealed class ReceiptKey([FromKeyedServices(BiddingService.Name)] NpgsqlDataSource database, Secrets secrets) : IDisposable
{
    private const string Purpose = "bidding/receipt-key";
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Loaded? _loaded;

    /// <summary>Public key (RFC 7517); the id is its thumbprint (RFC 7638).</summary>
    public sealed record Jwk(string Kty, string Crv, string X, string Y, string Kid, string Alg, string Use);

    public async Task<Jwk> PublicAsync(CancellationToken ct) => (await LoadAsync(ct)).Public;

    /// <summary>What signs receipts. Ask before taking a connection: loading needs one, and those who hold one would wait for each other.</summary>
    public async Task<Func<ReceiptClaims, string>> SignerAsync(CancellationToken ct)
    {
        var loaded = await LoadAsync(ct);
        return claims => Receipt.Sign(claims, loaded.Key.Value!, loaded.Public.Kid);
    }

    /// <summary>Another statement of the platform's, as a JWS of a type of its own.</summary>
    public async Task<string> SignAsync<T>(T payload, string type, CancellationToken ct)
    {
        var loaded = await LoadAsync(ct);
        return Jws.Sign(CanonicalJson.Serialize(payload), loaded.Key.Value!, loaded.Public.Kid, type);
    }

    private async ValueTask<Loaded> LoadAsync(CancellationToken ct)
    {
        if (_loaded is { } there) return there;
        await _gate.WaitAsync(ct);
        try { return _loaded ??= await ReadAsync(ct) ?? await MakeAsync(ct); }
        finally { _gate.Release(); }
    }

    private async Task<Loaded> MakeAsync(CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = key.ExportParameters(false).Q;
        var (x, y) = (Base64UrlText.Encode(q.X), Base64UrlText.Encode(q.Y));
        var id = Base64UrlText.Encode(SHA256.HashData(CanonicalJson.Serialize(new { crv = "P-256", kty = "EC", x, y })));
        await using var command = database.CreateCommand("insert into receipt_key (key_id, x, y, private) values ($1, $2, $3, $4) on conflict do nothing");
        foreach (object value in new object[] { id, x, y, secrets.Protect(key.ExportPkcs8PrivateKey(), Purpose) }) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(ct);
        return (await ReadAsync(ct))!;                            // another instance may have been first
    }

    private async Task<Loaded?> ReadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select key_id, x, y, private from receipt_key");
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var pkcs8 = secrets.Reveal(reader.GetFieldValue<byte[]>(3), Purpose);
        // One object a thread: the framework promises no more.
        return new Loaded(new Jwk("EC", "P-256", reader.GetString(1), reader.GetString(2), reader.GetString(0), "ES256", "sig"), new ThreadLocal<ECDsa>(() => Import(pkcs8)));
    }

    private static ECDsa Import(byte[] pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key;
    }

    public void Dispose()
    {
        _loaded?.Key.Dispose();
        _gate.Dispose();
    }

    private sealed record Loaded(Jwk Public, ThreadLocal<ECDsa> Key);
}
