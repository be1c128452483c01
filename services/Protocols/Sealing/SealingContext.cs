using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols;

/// <summary>
/// What binds keys and ciphertexts of suite 1 to their purpose and bid. Each is ASCII text; ids are lower-case with hyphens, numbers decimal:
/// <c>tendering/v1/part|TENDER|LOT|BIDDER|REVISION|PART</c>, <c>tendering/v1/share|…|PART|INDEX</c>, <c>tendering/v1/recovery|…|PART</c>.
/// </summary>
public static class SealingContext
{
    public const int KeyLength = 32;

    /// <summary>Associated data of every chunk of a part.</summary>
    public static byte[] Aad(Guid tender, Guid lot, Guid bidder, int revision, string part)
        => Encoding.ASCII.GetBytes($"tendering/v1/part|{Bid(tender, lot, bidder, revision)}|{part}");

    /// <summary>HPKE info of the share of custodian <paramref name="index"/>, counted from 1; the HPKE aad is empty.</summary>
    public static byte[] ShareInfo(Guid tender, Guid lot, Guid bidder, int revision, string part, int index)
        => Encoding.ASCII.GetBytes(FormattableString.Invariant($"tendering/v1/share|{Bid(tender, lot, bidder, revision)}|{part}|{index}"));

    /// <summary>HPKE info of the copy of the key for the bidder's own recovery key; the HPKE aad is empty.</summary>
    public static byte[] RecoveryInfo(Guid tender, Guid lot, Guid bidder, int revision, string part)
        => Encoding.ASCII.GetBytes($"tendering/v1/recovery|{Bid(tender, lot, bidder, revision)}|{part}");

    /// <summary>HKDF-SHA256 of the content encryption key with no salt and info <c>tendering/v1/payload</c>: the key of the stream cipher.</summary>
    public static byte[] PayloadKey(ReadOnlySpan<byte> cek) => Derive(cek, "tendering/v1/payload"u8);

    /// <summary>HKDF-SHA256 of the content encryption key with no salt and info <c>tendering/v1/commit</c>: 32 bytes that bind a ciphertext to one key.</summary>
    public static byte[] Commitment(ReadOnlySpan<byte> cek) => Derive(cek, "tendering/v1/commit"u8);

    private static byte[] Derive(ReadOnlySpan<byte> cek, ReadOnlySpan<byte> info)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cek.Length, KeyLength);
        var key = new byte[KeyLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, cek, key, [], info);
        return key;
    }

    private static string Bid(Guid tender, Guid lot, Guid bidder, int revision) => FormattableString.Invariant($"{tender:D}|{lot:D}|{bidder:D}|{revision}");
}
