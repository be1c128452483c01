using System.Buffers.Text;
using System.Security.Cryptography;

namespace Tendering.Identity.Domain;

/// <summary>A person is signed in. Only the hash of the secret that names the session is kept, so that the table opens no session.</summary>
public sealed class Session
{
    public const int SecretLength = 32;
    public static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(30), LifeMax = TimeSpan.FromHours(12);

    public required byte[] SecretHash { get; init; }
    public required Guid PersonId { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public required DateTimeOffset LastUsedAt { get; set; }
    public DateTimeOffset? EndedAt { get; private set; }

    public static (Session Session, string Secret) Open(Guid person, DateTimeOffset now)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretLength));
        return (new Session { SecretHash = HashOf(secret), PersonId = person, OpenedAt = now, LastUsedAt = now }, secret);
    }

    public static byte[] HashOf(string secret) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret));

    public bool IsOpen(DateTimeOffset now) => EndedAt is null && now < LastUsedAt + IdleMax && now < OpenedAt + LifeMax;

    public void End(DateTimeOffset now) => EndedAt ??= now;
}
