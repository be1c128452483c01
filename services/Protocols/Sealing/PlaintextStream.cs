using System.Buffers;
using System.Collections;

namespace Tendering.Protocols;

/// <summary>
/// The plaintext of a <see cref="StreamCipher"/>'s ciphertext of known length, to be read from anywhere: a chunk is decrypted when it is read, so nothing of it need lie anywhere in the clear.
/// Changed chunks are a <see cref="StreamCipherException"/>; bytes that end too early an <see cref="IOException"/> that is not the plaintext's own end.
/// </summary>
/// <param name="open">The ciphertext from an offset on; it is asked anew where the reader jumps.</param>
public sealed class PlaintextStream(Func<long, CancellationToken, Task<Stream>> open, long cipherLength, ReadOnlyMemory<byte> key, byte[] aad) : Stream
{
    // Whoever reads on gets so many chunks from the store at once, which stay in a core's cache until they are decrypted; whoever jumps only the one.
    private const int AheadMax = 4;

    private readonly long length = StreamCipher.PlaintextLength(cipherLength) ?? throw new ArgumentOutOfRangeException(nameof(cipherLength));
    private readonly BitArray seen = new((int)((cipherLength - StreamCipher.PrefixLength + StreamCipher.SealedChunkLength - 1) / StreamCipher.SealedChunkLength));
    private byte[]? buffer = ArrayPool<byte>.Shared.Rent(AheadMax * StreamCipher.SealedChunkLength);
    private ChunkCipher? chunks;
    private Stream? cipher;
    private ReadOnlyMemory<byte> chunk;
    private long openAt = -1;
    private long chunkNumber = -1;
    private long loadedFrom;
    private int loaded;
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (position >= length || buffer.IsEmpty)
        {
            return 0;
        }

        var number = position / StreamCipher.ChunkLength;
        if (number != chunkNumber)
        {
            await DecryptAsync(number, cancellationToken);
        }

        var rest = chunk[(int)(position % StreamCipher.ChunkLength)..];
        var count = Math.Min(buffer.Length, rest.Length);
        rest[..count].CopyTo(buffer);
        position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // A ZIP's directory is read so, a few kilobytes at a time.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => position + offset, _ => length + offset };
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        return position = to;
    }

    /// <summary>True after the ciphertext could not be opened or read once: whatever was concluded from what was read is then worth nothing.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Decrypts what nobody has read yet: after it, all of the ciphertext is known to be whole.</summary>
    public async Task CheckRestAsync(CancellationToken cancellation = default)
    {
        for (var number = 0; number < seen.Length; number++)
        {
            if (!seen[number])
            {
                await DecryptAsync(number, cancellation);
            }
        }
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (cipher is not null)
        {
            await cipher.DisposeAsync();
        }

        Release();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            cipher?.Dispose();
            Release();
        }

        base.Dispose(disposing);
    }

    private void Release()
    {
        chunks?.Dispose();
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = null;
    }

    private async Task DecryptAsync(long number, CancellationToken cancellation)
    {
        chunks ??= await BeginAsync(cancellation);
        if (number < loadedFrom || number >= loadedFrom + loaded)
        {
            await LoadAsync(number, number == chunkNumber + 1 ? AheadMax : 1, cancellation);
        }

        var within = (int)(number - loadedFrom) * StreamCipher.SealedChunkLength;
        var isLast = number == seen.Length - 1;
        // What fails leaves no chunk that could be taken for this one.
        chunkNumber = -1;
        chunk = chunks.OpenAt(number, buffer.AsSpan(within, isLast ? (int)(cipherLength - OffsetOf(number)) : StreamCipher.SealedChunkLength), isLast);
        chunkNumber = number;
        seen[(int)number] = true;
    }

    private static long OffsetOf(long number) => StreamCipher.PrefixLength + (number * StreamCipher.SealedChunkLength);

    private async Task LoadAsync(long number, int count, CancellationToken cancellation)
    {
        var at = OffsetOf(number);
        count = (int)Math.Min(count, seen.Length - number);
        var bytes = (int)Math.Min((long)count * StreamCipher.SealedChunkLength, cipherLength - at);
        if (openAt != at)
        {
            await OpenAsync(at, cancellation);
        }

        (loaded, openAt) = (0, -1);
        await FillAsync(buffer.AsMemory(0, bytes), cancellation);
        (loadedFrom, loaded, openAt) = (number, count, at + bytes);
    }

    private async Task<ChunkCipher> BeginAsync(CancellationToken cancellation)
    {
        var prefix = new byte[StreamCipher.PrefixLength];
        await OpenAsync(0, cancellation);
        await FillAsync(prefix, cancellation);
        openAt = prefix.Length;
        return ChunkCipher.ForDecryption(key.Span, aad, prefix, prefix.Length);
    }

    private async Task OpenAsync(long offset, CancellationToken cancellation)
    {
        if (cipher is not null)
        {
            await cipher.DisposeAsync();
        }

        (cipher, openAt) = (null, -1);
        var failedBefore = HasFailed;
        HasFailed = true;
        (cipher, openAt) = (await open(offset, cancellation), offset);
        HasFailed = failedBefore;
    }

    private async Task FillAsync(Memory<byte> bytes, CancellationToken cancellation)
    {
        var failedBefore = HasFailed;
        HasFailed = true;
        if (await cipher!.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation) < bytes.Length)
        {
            throw new IOException("The ciphertext is shorter than it should be.");
        }

        HasFailed = failedBefore;
    }
}
