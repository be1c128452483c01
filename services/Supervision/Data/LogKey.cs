using System.Security.Cryptography;
using Tendering.ServiceDefaults;

namespace Tendering.Supervision.Data;

/// <summary>The key (P-256) that signs checkpoints and dossiers; the private key is stored protected.</summary>
public sealed class LogKey
{
    private const string Purpose = "supervision/log-key";

    public Guid Id { get; private init; } = Guid.CreateVersion7();

    /// <summary>SubjectPublicKeyInfo in base64.</summary>
    public required string PublicKey { get; init; }

    public required byte[] PrivateKey { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    public static LogKey Make(Secrets secrets, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new LogKey { PublicKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), PrivateKey = secrets.Protect(key.ExportPkcs8PrivateKey(), Purpose), CreatedAt = now };
    }

    public ECDsa Open(Secrets secrets)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secrets.Reveal(PrivateKey, Purpose), out _);
        return key;
    }
}
