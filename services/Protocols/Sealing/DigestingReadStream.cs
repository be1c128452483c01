using System.Buffers;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>Reads a ciphertext once: block by block, each hashed beside its reader on another core; a stream that answers later is read ahead; two blocks of 4 MiB are all it holds. It leaves the inner stream open.</summary>
public sealed class DigestingReadStream(Stream inner) : Stream
{
    private readonly byte[][] buffers = [ArrayPool<byte>.Shared.Rent(BlockDigest.BlockLength), ArrayPool<byte>.Shared.Rent(BlockDigest.BlockLength)];
    private readonly List<byte[]> hashes = [];
    private Task<int>? ahead;
    private Task<byte[]>? hashing;
    private int current = 1;
    private int filled;
    private int position;
    private long loaded;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (position == filled && !await LoadAsync(cancellationToken))
        {
            return 0;
        }

        var count = Math.Min(buffer.Length, filled - position);
        buffers[current].AsSpan(position, count).CopyTo(buffer.Span);
        position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Reads what is left and tells whether all of it has this length and <see cref="BlockDigest"/>.</summary>
    public async Task<bool> MatchesAsync(long length, string digest, CancellationToken cancellation = default)
    {
        while (loaded <= length && await LoadAsync(cancellation))
        {
        }

        if (hashing is not null)
        {
            hashes.Add(await hashing);
            hashing = null;
        }

        return loaded == length && BlockDigest.OfBlockHashes(hashes) == digest;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        // Neither the hash nor the read ahead may still use a buffer that is given back.
        await Task.WhenAll(ahead ?? Task.CompletedTask, hashing ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var buffer in buffers)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await base.DisposeAsync();
    }

    private async Task<bool> LoadAsync(CancellationToken cancellation)
    {
        var length = await (ahead ?? FillAsync(1 - current, cancellation));
        ahead = null;
        if (hashing is not null)
        {
            hashes.Add(await hashing);
            hashing = null;
        }

        if (length == 0)
        {
            position = filled = 0;
            ahead = Task.FromResult(0);
            return false;
        }

        current = 1 - current;
        (position, filled, loaded) = (0, length, loaded + length);
        var block = buffers[current];
        hashing = Task.Run(() => SHA256.HashData(block.AsSpan(0, length)), CancellationToken.None);
        ahead = length < BlockDigest.BlockLength ? Task.FromResult(0) : FillAsync(1 - current, cancellation);
        return true;
    }

    // A rented buffer may be longer than a block.
    private async Task<int> FillAsync(int buffer, CancellationToken cancellation)
        => await inner.ReadAtLeastAsync(buffers[buffer].AsMemory(0, BlockDigest.BlockLength), BlockDigest.BlockLength, throwOnEndOfStream: false, cancellation);
}
