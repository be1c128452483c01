using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Data;

/// <summary>The key pair of the draws' random function; the private scalar is stored protected.</summary>
public sealed class VrfKey
{
    private const string Purpose = "expert-selection/vrf-key";

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required string PublicKey { get; init; }
    public required byte[] PrivateKey { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }

    public static VrfKey Make(Secrets secrets, DateTimeOffset now)
    {
        var scalar = Ecvrf.GeneratePrivateKey();
        return new VrfKey { PublicKey = HexText.Encode(Ecvrf.PublicKey(scalar)), PrivateKey = secrets.Protect(scalar, Purpose), PublishedAt = now };
    }

    public byte[] Open(Secrets secrets) => secrets.Reveal(PrivateKey, Purpose);
}
