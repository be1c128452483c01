using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

/// <summary>The key pair of the random function that draws coefficients; the private scalar is stored protected.</summary>
public sealed class VrfKey
{
    private const string Purpose = "bid-opening/vrf-key";

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
