using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>P-256 points as 65 bytes (0x04, x, y) and the framework's key agreement over them.</summary>
internal static class P256Key
{
    public const int PointLength = 65;

    public static byte[] PublicPoint(ECDiffieHellman key)
    {
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        return [0x04, .. q.X!, .. q.Y!];
    }

    /// <summary>Reads a point; the framework's import refuses what does not lie on the curve.</summary>
    public static ECDiffieHellman Import(ReadOnlySpan<byte> point)
    {
        if (point.Length != PointLength || point[0] != 0x04)
        {
            throw new CryptographicException("Not an uncompressed P-256 point.");
        }

        return ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point[1..33].ToArray(), Y = point[33..].ToArray() },
        });
    }

    /// <summary>By the curve's equation: P-256 has cofactor 1, so whatever satisfies it is a good public key, and no key object is made to ask.</summary>
    public static bool IsPoint(ReadOnlySpan<byte> point) => point.Length == PointLength && point[0] == 0x04 && P256Curve.IsOnCurve(point[1..33], point[33..]);

    public static byte[] Agree(ECDiffieHellman own, ReadOnlySpan<byte> other)
    {
        using var peer = Import(other);
        using var peerKey = peer.PublicKey;
        return own.DeriveRawSecretAgreement(peerKey);
    }

    public static ECDiffieHellman FromScalar(ReadOnlySpan<byte> scalar) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = scalar.ToArray(),
    });
}
