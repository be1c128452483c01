using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Shamir's secret sharing over GF(2^8) with the polynomial 0x11b, byte by byte: any t of n shares give the secret, fewer say nothing about it.</summary>
public static class Shamir
{
    public const int CountMax = 255;

    /// <summary>Shares with the indexes 1 to <paramref name="count"/>; a threshold below 2 would let one holder open alone and is refused.</summary>
    public static Share[] Split(ReadOnlySpan<byte> secret, int threshold, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, threshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CountMax);
        if (secret.IsEmpty)
        {
            throw new ArgumentException("There is no secret to share.", nameof(secret));
        }

        var coefficients = RandomNumberGenerator.GetBytes(secret.Length * (threshold - 1));
        var shares = new Share[count];
        for (var i = 0; i < count; i++)
        {
            shares[i] = new Share((byte)(i + 1), Evaluate(secret, coefficients, (byte)(i + 1)));
        }

        CryptographicOperations.ZeroMemory(coefficients);
        return shares;
    }

    /// <summary>The secret, if at least the threshold of good shares is given; otherwise some other value, which only a commitment tells apart.</summary>
    public static byte[] Combine(IReadOnlyList<Share> shares)
    {
        RefuseUnfit(shares);
        var secret = new byte[shares[0].Value.Length];
        foreach (var share in shares)
        {
            var weight = WeightAtZero(share.Index, shares);
            for (var i = 0; i < secret.Length; i++)
            {
                secret[i] ^= Multiply(share.Value[i], weight);
            }
        }

        return secret;
    }

    private static void RefuseUnfit(IReadOnlyList<Share> shares)
    {
        if (shares.Count < 2)
        {
            throw new ArgumentException("At least two shares are needed.", nameof(shares));
        }

        if (shares.Any(share => share.Index == 0 || share.Value is not { Length: > 0 } || share.Value.Length != shares[0].Value.Length))
        {
            throw new ArgumentException("A share has index zero or another length than the first.", nameof(shares));
        }

        if (shares.DistinctBy(share => share.Index).Count() != shares.Count)
        {
            throw new ArgumentException("Two shares have the same index.", nameof(shares));
        }
    }

    // The secret is the constant term; Horner's rule from the highest coefficient down.
    private static byte[] Evaluate(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> coefficients, byte x)
    {
        var value = new byte[secret.Length];
        for (var at = coefficients.Length - secret.Length; at >= 0; at -= secret.Length)
        {
            for (var i = 0; i < value.Length; i++)
            {
                value[i] = Multiply((byte)(value[i] ^ coefficients[at + i]), x);
            }
        }

        for (var i = 0; i < value.Length; i++)
        {
            value[i] ^= secret[i];
        }

        return value;
    }

    private static byte WeightAtZero(byte index, IReadOnlyList<Share> shares)
    {
        byte weight = 1;
        foreach (var other in shares.Where(share => share.Index != index))
        {
            weight = Multiply(weight, Multiply(other.Index, Inverse((byte)(other.Index ^ index))));
        }

        return weight;
    }

    // No table and no branch on secret bits: tables of logarithms would show secret bytes through the cache.
    private static byte Multiply(byte a, byte b)
    {
        int product = 0, shifted = a;
        for (var bit = 0; bit < 8; bit++)
        {
            product ^= shifted & -((b >> bit) & 1);
            shifted = (shifted << 1) ^ (0x11b & -(shifted >> 7));
        }

        return (byte)product;
    }

    // a^254; indexes are public, so its running time hides nothing.
    private static byte Inverse(byte a)
    {
        byte result = 1;
        for (var i = 0; i < 254; i++)
        {
            result = Multiply(result, a);
        }

        return result;
    }
}
