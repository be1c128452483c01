using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Tendering.ServiceDefaults;

/// <summary>Keys that a service must keep are stored encrypted (AES-256-GCM) under a master key that no database holds: <c>Keys:Master</c>, 32 bytes in base64.</summary>
public sealed class Secrets
{
    private const int NonceSize = 12, TagSize = 16;
    private readonly byte[] _master;

    public Secrets(IConfiguration configuration)
    {
        var text = configuration["Keys:Master"] ?? throw new InvalidOperationException("Keys:Master is not set: 32 random bytes in base64.");
        _master = Convert.FromBase64String(text);
        if (_master.Length != 32) throw new InvalidOperationException("Keys:Master must be 32 bytes in base64.");
    }

    /// <summary>What is protected for one purpose cannot be read for another.</summary>
    public byte[] Protect(ReadOnlySpan<byte> secret, string purpose)
    {
        var box = new byte[NonceSize + TagSize + secret.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var aes = new AesGcm(KeyFor(purpose), TagSize);
        aes.Encrypt(box.AsSpan(0, NonceSize), secret, box.AsSpan(NonceSize + TagSize), box.AsSpan(NonceSize, TagSize));
        return box;
    }

    /// <exception cref="CryptographicException">The box was changed, or belongs to another key or purpose.</exception>
    public byte[] Reveal(ReadOnlySpan<byte> box, string purpose)
    {
        if (box.Length < NonceSize + TagSize) throw new CryptographicException("The box is too short.");
        var secret = new byte[box.Length - NonceSize - TagSize];
        using var aes = new AesGcm(KeyFor(purpose), TagSize);
        aes.Decrypt(box[..NonceSize], box[(NonceSize + TagSize)..], box.Slice(NonceSize, TagSize), secret);
        return secret;
    }

    private byte[] KeyFor(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _master, 32, info: Encoding.UTF8.GetBytes(purpose));
}
