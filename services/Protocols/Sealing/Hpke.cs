using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>HPKE (RFC 9180), base mode, single shot, suite 0x0010/0x0001/0x0001: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.</summary>
public static class Hpke
{
    public const int EncapsulationLength = P256Key.PointLength;
    public const int TagLength = 16;

    private static readonly byte[] KemSuite = [.. "KEM"u8, 0x00, 0x10];
    private static readonly byte[] Suite = [.. "HPKE"u8, 0x00, 0x10, 0x00, 0x01, 0x00, 0x01];

    /// <summary>The encapsulated key (65 bytes) followed by the ciphertext; a public key that is no point of the curve is a <see cref="CryptographicException"/>.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Seal(ephemeral, recipientPublicKey, info, aad, plaintext);
    }

    /// <summary>The plaintext; whatever was changed, or sealed to another key, info or aad, is a <see cref="CryptographicException"/>.</summary>
    public static byte[] Open(ECDiffieHellman recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < EncapsulationLength + TagLength)
        {
            throw new CryptographicException("The sealed text is too short.");
        }

        var enc = sealedBytes[..EncapsulationLength];
        return Open(P256Key.Agree(recipient, enc), P256Key.PublicPoint(recipient), info, aad, sealedBytes);
    }

    /// <summary>Opens with the x coordinate of the shared point itself, whoever showed it.</summary>
    internal static byte[] Open(byte[] agreed, ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedBytes)
    {
        var (key, nonce) = KeySchedule(SharedSecret(agreed, sealedBytes[..EncapsulationLength], recipientPublicKey), info);
        var ciphertext = sealedBytes[EncapsulationLength..^TagLength];
        var plaintext = new byte[ciphertext.Length];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(nonce, ciphertext, sealedBytes[^TagLength..], plaintext, aad);
        return plaintext;
    }

    internal static byte[] Seal(ECDiffieHellman ephemeral, ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        var enc = P256Key.PublicPoint(ephemeral);
        var (key, nonce) = KeySchedule(SharedSecret(ephemeral, recipientPublicKey, enc, recipientPublicKey), info);
        var output = new byte[enc.Length + plaintext.Length + TagLength];
        enc.CopyTo(output, 0);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, plaintext, output.AsSpan(enc.Length, plaintext.Length), output.AsSpan(enc.Length + plaintext.Length), aad);
        return output;
    }

    internal static byte[] SharedSecret(ECDiffieHellman own, ReadOnlySpan<byte> other, ReadOnlySpan<byte> enc, ReadOnlySpan<byte> recipientPublicKey)
        => SharedSecret(P256Key.Agree(own, other), enc, recipientPublicKey);

    private static byte[] SharedSecret(byte[] dh, ReadOnlySpan<byte> enc, ReadOnlySpan<byte> recipientPublicKey)
    {
        var prk = LabeledExtract(KemSuite, [], "eae_prk"u8, dh);
        return LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. enc, .. recipientPublicKey], 32);
    }

    internal static (byte[] Key, byte[] Nonce) KeySchedule(byte[] sharedSecret, ReadOnlySpan<byte> info)
    {
        const byte baseMode = 0;
        byte[] context = [baseMode, .. LabeledExtract(Suite, [], "psk_id_hash"u8, []), .. LabeledExtract(Suite, [], "info_hash"u8, info)];
        var secret = LabeledExtract(Suite, sharedSecret, "secret"u8, []);
        return (LabeledExpand(Suite, secret, "key"u8, context, 16), LabeledExpand(Suite, secret, "base_nonce"u8, context, 12));
    }

    private static byte[] LabeledExtract(byte[] suite, byte[] salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm)
        => HKDF.Extract(HashAlgorithmName.SHA256, [.. "HPKE-v1"u8, .. suite, .. label, .. ikm], salt);

    private static byte[] LabeledExpand(byte[] suite, byte[] prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        var prefix = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)length);
        return HKDF.Expand(HashAlgorithmName.SHA256, prk, length, [.. prefix, .. "HPKE-v1"u8, .. suite, .. label, .. info]);
    }
}
