using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Seals or opens the chunks of one stream in order; what it returns is valid until the next call.</summary>
internal sealed class ChunkCipher : IDisposable
{
    private readonly AesGcm aes;
    private readonly byte[] aad;
    private readonly byte[] nonce = new byte[12];
    private readonly byte[] buffer = new byte[StreamCipher.SealedChunkLength];
    private long number;

    private ChunkCipher(ReadOnlySpan<byte> key, byte[] aad, ReadOnlySpan<byte> prefix)
    {
        // AesGcm would take 16 bytes too: the suite has one key length.
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, StreamCipher.KeyLength);
        aes = new AesGcm(key, StreamCipher.TagLength);
        this.aad = aad;
        prefix.CopyTo(nonce);
    }

    public ReadOnlyMemory<byte> Prefix => nonce.AsMemory(0, StreamCipher.PrefixLength);

    public static ChunkCipher ForEncryption(ReadOnlySpan<byte> key, byte[] aad) => new(key, aad, RandomNumberGenerator.GetBytes(StreamCipher.PrefixLength));

    public static ChunkCipher ForDecryption(ReadOnlySpan<byte> key, byte[] aad, ReadOnlySpan<byte> prefix, int prefixLength)
        => prefixLength == StreamCipher.PrefixLength ? new(key, aad, prefix) : throw Truncated();

    public ReadOnlyMemory<byte> Seal(ReadOnlySpan<byte> plain, bool last)
    {
        SetNonce(last);
        aes.Encrypt(nonce, plain, buffer.AsSpan(0, plain.Length), buffer.AsSpan(plain.Length, StreamCipher.TagLength), aad);
        return buffer.AsMemory(0, plain.Length + StreamCipher.TagLength);
    }

    public ReadOnlyMemory<byte> Open(ReadOnlySpan<byte> chunk, bool last)
    {
        // A last chunk without text after a full one would be a second ciphertext for the same plaintext.
        if (chunk.Length < StreamCipher.TagLength || (chunk.Length == StreamCipher.TagLength && number > 0))
        {
            throw Truncated();
        }

        var text = chunk[..^StreamCipher.TagLength];
        SetNonce(last);
        if (TryDecrypt(text, chunk[^StreamCipher.TagLength..]))
        {
            return buffer.AsMemory(0, text.Length);
        }

        number--;
        SetNonce(!last);
        throw TryDecrypt(text, chunk[^StreamCipher.TagLength..])
            ? last ? Truncated() : new StreamCipherException("cipher.extended", "The ciphertext goes on after its last chunk.")
            : new StreamCipherException("cipher.changed", $"Chunk {number - 1} is not what was encrypted here, or the key is another.");
    }

    /// <summary>Opens a chunk out of order: the one with this number, from 0.</summary>
    public ReadOnlyMemory<byte> OpenAt(long chunkNumber, ReadOnlySpan<byte> chunk, bool last)
    {
        number = chunkNumber;
        return Open(chunk, last);
    }

    public void Dispose() => aes.Dispose();

    private static StreamCipherException Truncated() => new("cipher.truncated", "The ciphertext ends before its last chunk.");

    private void SetNonce(bool last)
    {
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(StreamCipher.PrefixLength), checked((uint)number));
        nonce[^1] = last ? (byte)1 : (byte)0;
        number++;
    }

    private bool TryDecrypt(ReadOnlySpan<byte> text, ReadOnlySpan<byte> tag)
    {
        try
        {
            aes.Decrypt(nonce, text, tag, buffer.AsSpan(0, text.Length), aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
