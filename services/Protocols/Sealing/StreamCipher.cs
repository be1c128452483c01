using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>
/// AES-256-GCM in the STREAM form (Hoang, Reyhanitabar, Rogaway, Vizár 2015), 64 KiB of plaintext a chunk. The ciphertext is a random 7-byte
/// prefix, then for each chunk its ciphertext and 16-byte tag; a chunk's nonce is the prefix, its number as 4 bytes big-endian, and 1 for the
/// last chunk or else 0. Only an empty plaintext has an empty chunk. The same associated data goes with every chunk.
/// </summary>
public static class StreamCipher
{
    public const int KeyLength = 32;
    public const int PrefixLength = 7;
    public const int TagLength = 16;
    public const int ChunkLength = 64 * 1024;
    internal const int SealedChunkLength = ChunkLength + TagLength;

    /// <summary>Bytes of ciphertext for so many bytes of plaintext.</summary>
    public static long CiphertextLength(long plaintextLength)
        => PrefixLength + plaintextLength + (TagLength * Math.Max(1, (plaintextLength + ChunkLength - 1) / ChunkLength));

    /// <summary>Bytes of plaintext in so many bytes of ciphertext, or null where no plaintext gives that length.</summary>
    public static long? PlaintextLength(long ciphertextLength)
    {
        var body = ciphertextLength - PrefixLength;
        var chunks = (body + SealedChunkLength - 1) / SealedChunkLength;
        var plaintext = body - (chunks * TagLength);
        return body >= TagLength && CiphertextLength(plaintext) == ciphertextLength ? plaintext : null;
    }

    /// <summary>Encrypts all that is left in <paramref name="plain"/>; a key is used for one stream only.</summary>
    public static void Encrypt(Stream plain, Stream cipher, ReadOnlySpan<byte> key, byte[] aad)
    {
        using var chunks = ChunkCipher.ForEncryption(key, aad);
        cipher.Write(chunks.Prefix.Span);
        byte[] current = new byte[ChunkLength], next = new byte[ChunkLength];
        var length = plain.ReadAtLeast(current, ChunkLength, throwOnEndOfStream: false);
        while (true)
        {
            // Whether a chunk is the last is known only once what follows has been read.
            var following = length < ChunkLength ? 0 : plain.ReadAtLeast(next, ChunkLength, throwOnEndOfStream: false);
            cipher.Write(chunks.Seal(current.AsSpan(0, length), last: following == 0).Span);
            if (following == 0)
            {
                return;
            }

            (current, next, length) = (next, current, following);
        }
    }

    /// <inheritdoc cref="Encrypt"/>
    public static async Task EncryptAsync(Stream plain, Stream cipher, ReadOnlyMemory<byte> key, byte[] aad, CancellationToken cancellation = default)
    {
        using var chunks = ChunkCipher.ForEncryption(key.Span, aad);
        await cipher.WriteAsync(chunks.Prefix, cancellation);
        byte[] current = new byte[ChunkLength], next = new byte[ChunkLength];
        var length = await plain.ReadAtLeastAsync(current, ChunkLength, throwOnEndOfStream: false, cancellation);
        while (true)
        {
            var following = length < ChunkLength ? 0 : await plain.ReadAtLeastAsync(next, ChunkLength, throwOnEndOfStream: false, cancellation);
            await cipher.WriteAsync(chunks.Seal(current.AsSpan(0, length), last: following == 0), cancellation);
            if (following == 0)
            {
                return;
            }

            (current, next, length) = (next, current, following);
        }
    }

    /// <summary>Decrypts to the end of <paramref name="cipher"/>; a <see cref="StreamCipherException"/> means that the plaintext written so far must be discarded.</summary>
    public static void Decrypt(Stream cipher, Stream plain, ReadOnlySpan<byte> key, byte[] aad)
    {
        var prefix = new byte[PrefixLength];
        var prefixLength = cipher.ReadAtLeast(prefix, PrefixLength, throwOnEndOfStream: false);
        using var chunks = ChunkCipher.ForDecryption(key, aad, prefix, prefixLength);
        byte[] current = new byte[SealedChunkLength], next = new byte[SealedChunkLength];
        var length = cipher.ReadAtLeast(current, SealedChunkLength, throwOnEndOfStream: false);
        while (true)
        {
            var following = length < SealedChunkLength ? 0 : cipher.ReadAtLeast(next, SealedChunkLength, throwOnEndOfStream: false);
            plain.Write(chunks.Open(current.AsSpan(0, length), last: following == 0).Span);
            if (following == 0)
            {
                return;
            }

            (current, next, length) = (next, current, following);
        }
    }

    /// <inheritdoc cref="Decrypt"/>
    public static async Task DecryptAsync(Stream cipher, Stream plain, ReadOnlyMemory<byte> key, byte[] aad, CancellationToken cancellation = default)
    {
        var prefix = new byte[PrefixLength];
        var prefixLength = await cipher.ReadAtLeastAsync(prefix, PrefixLength, throwOnEndOfStream: false, cancellation);
        using var chunks = ChunkCipher.ForDecryption(key.Span, aad, prefix, prefixLength);
        byte[] current = new byte[SealedChunkLength], next = new byte[SealedChunkLength];
        var length = await cipher.ReadAtLeastAsync(current, SealedChunkLength, throwOnEndOfStream: false, cancellation);
        while (true)
        {
            var following = length < SealedChunkLength ? 0 : await cipher.ReadAtLeastAsync(next, SealedChunkLength, throwOnEndOfStream: false, cancellation);
            await plain.WriteAsync(chunks.Open(current.AsSpan(0, length), last: following == 0), cancellation);
            if (following == 0)
            {
                return;
            }

            (current, next, length) = (next, current, following);
        }
    }
}
