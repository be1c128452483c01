using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tendering.Protocols;

/// <summary>
/// The JSON file of a private key under a passphrase. Key = PBKDF2-SHA-256(passphrase in Unicode NFC as UTF-8, salt, rounds);
/// ciphertext = AES-256-GCM of the PKCS #8 key, tag last, with "tendering/v1/key|" and the public key's text as associated data.
/// </summary>
internal sealed record ProtectedKeyFile(
    int Version, string Kdf, int Rounds, string Salt, string Cipher, string Nonce, string PublicKey, string Ciphertext)
{
    private const int RoundsWritten = 600_000;

    // A file from a stranger must not keep a processor busy for hours, nor quietly weaken the passphrase.
    private const int RoundsMax = 10_000_000;
    private const string KdfName = "PBKDF2-SHA-256";
    private const string CipherName = "AES-256-GCM";
    private const int TagLength = 16;

    /// <summary>The file's text; the key's bytes are wiped.</summary>
    public static string Write(string publicKey, byte[] pkcs8, string passphrase)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var nonce = RandomNumberGenerator.GetBytes(12);
        var sealedKey = new byte[pkcs8.Length + TagLength];
        using var aes = Aes(passphrase, salt, RoundsWritten);
        aes.Encrypt(nonce, pkcs8, sealedKey.AsSpan(0, pkcs8.Length), sealedKey.AsSpan(pkcs8.Length), Aad(publicKey));
        CryptographicOperations.ZeroMemory(pkcs8);
        return JsonSerializer.Serialize(
            new ProtectedKeyFile(
                1, KdfName, RoundsWritten, Base64UrlText.Encode(salt), CipherName, Base64UrlText.Encode(nonce), publicKey, Base64UrlText.Encode(sealedKey)),
            CanonicalJson.Options);
    }

    /// <summary>What <paramref name="import"/> makes of the key's bytes, which are wiped then.</summary>
    public static T Open<T>(string json, string passphrase, Func<byte[], T> import)
    {
        var file = Read(json);
        var (salt, nonce, sealedKey) = file.Bytes();
        var pkcs8 = new byte[sealedKey.Length - TagLength];
        try
        {
            using var aes = Aes(passphrase, salt, file.Rounds);
            aes.Decrypt(nonce, sealedKey.AsSpan(0, pkcs8.Length), sealedKey.AsSpan(pkcs8.Length), pkcs8, Aad(file.PublicKey));
            return import(pkcs8);
        }
        catch (CryptographicException e)
        {
            throw new KeyFileException("key-file.passphrase", "The passphrase does not open this key file, or the file was changed.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static ProtectedKeyFile Read(string json)
    {
        try
        {
            var file = JsonSerializer.Deserialize<ProtectedKeyFile>(json, CanonicalJson.Options);
            if (file is { Version: 1, Kdf: KdfName, Cipher: CipherName, Rounds: >= RoundsWritten and <= RoundsMax })
            {
                return file;
            }
        }
        catch (JsonException e)
        {
            throw Malformed(e);
        }

        throw Malformed();
    }

    private (byte[] Salt, byte[] Nonce, byte[] SealedKey) Bytes()
        => Base64UrlText.TryDecode(Salt) is { Length: >= 16 } salt && Base64UrlText.TryDecode(Nonce) is { Length: 12 } nonce
            && Base64UrlText.TryDecode(Ciphertext) is { Length: > TagLength } sealedKey
            ? (salt, nonce, sealedKey)
            : throw Malformed();

    private static KeyFileException Malformed(Exception? inner = null) => new("key-file.malformed", "This is not a protected key file of version 1.", inner);

    private static AesGcm Aes(string passphrase, byte[] salt, int rounds)
        => new(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase.Normalize(NormalizationForm.FormC)), salt, rounds, HashAlgorithmName.SHA256, 32), TagLength);

    private static byte[] Aad(string publicKey) => Encoding.UTF8.GetBytes("tendering/v1/key|" + publicKey);
}
