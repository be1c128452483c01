using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>SHA-256 over the concatenated SHA-256 of a byte string's 4 MiB blocks, the last one shorter: written as 64 lower-case hexadecimal digits.</summary>
public sealed class BlockDigest : IDisposable
{
    public const int BlockLength = 4 * 1024 * 1024;

    private readonly IncrementalHash block = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int filled;

    /// <summary>Bytes appended so far.</summary>
    public long Length { get; private set; }

    public static string Of(ReadOnlySpan<byte> bytes)
    {
        using var digest = new BlockDigest();
        digest.Append(bytes);
        return digest.Finish();
    }

    public static async Task<string> OfAsync(Stream stream, CancellationToken cancellation = default)
    {
        using var digest = new BlockDigest();
        await digest.AppendAsync(stream, long.MaxValue, cancellation);
        return digest.Finish();
    }

    /// <summary>Has what can be read of the stream this length and digest? What is longer is not read to its end.</summary>
    public static async Task<bool> MatchesAsync(Stream stream, long length, string digest, CancellationToken cancellation = default)
    {
        using var found = new BlockDigest();
        await found.AppendAsync(stream, length, cancellation);
        return found.Length == length && found.Finish() == digest;
    }

    /// <summary>The digest of a byte string whose blocks were hashed one by one, as an upload's blocks are when they arrive.</summary>
    public static string OfBlockHashes(IEnumerable<byte[]> blockHashes)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var hash in blockHashes)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, SHA256.HashSizeInBytes);
            whole.AppendData(hash);
        }

        return HexText.Encode(whole.GetHashAndReset());
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            var taken = bytes[..Math.Min(bytes.Length, BlockLength - filled)];
            block.AppendData(taken);
            filled += taken.Length;
            bytes = bytes[taken.Length..];
            if (filled == BlockLength)
            {
                EndBlock();
            }
        }
    }

    /// <summary>The digest of everything appended; afterwards the object starts anew.</summary>
    public string Finish()
    {
        if (filled > 0)
        {
            EndBlock();
        }

        Length = 0;
        return HexText.Encode(whole.GetHashAndReset());
    }

    public void Dispose()
    {
        block.Dispose();
        whole.Dispose();
    }

    private async Task AppendAsync(Stream stream, long lengthMax, CancellationToken cancellation)
    {
        var buffer = new byte[128 * 1024];
        while (Length <= lengthMax && await stream.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    private void EndBlock()
    {
        whole.AppendData(block.GetHashAndReset());
        filled = 0;
    }
}
