namespace Tendering.Protocols;

/// <summary>
/// The plaintext of a <see cref="StreamCipher"/>'s ciphertext of known length, to be read from anywhere: a chunk is decrypted when it is read, so nothing of it need lie anywhere in the clear.
/// Changed chunks are a <see cref="StreamCipherException"/>; bytes that end too early an <see cref="IOException"/>.
/// </summary>
/// <param name="open">The ciphertext from an offset on; it is asked anew where the reader jumps.</param>
public sealed class PlaintextStream(Func<long, CancellationToken, Task<Stream>> open, long cipherLength, ReadOnlyMemory<byte> key, byte[] aad) : Stream
{
    private readonly long length = StreamCipher.PlaintextLength(cipherLength) ?? throw new ArgumentOutOfRangeException(nameof(cipherLength));
    private readonly byte[] buffer = new byte[StreamCipher.SealedChunkLength];
    private ChunkCipher? chunks;
    private Stream? cipher;
    private ReadOnlyMemory<byte> chunk;
    private long openAt = -1;
    private long chunkNumber = -1;
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

        chunks?.Dispose();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            cipher?.Dispose();
            chunks?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task DecryptAsync(long number, CancellationToken cancellation)
    {
        var at = StreamCipher.PrefixLength + (number * StreamCipher.SealedChunkLength);
        chunks ??= await BeginAsync(cancellation);
        if (openAt != at)
        {
            await OpenAsync(at, cancellation);
        }

        var sealedLength = (int)Math.Min(StreamCipher.SealedChunkLength, cipherLength - at);
        // What fails leaves neither a chunk that could be taken for this one nor a place to go on from.
        (chunkNumber, openAt) = (-1, -1);
        await cipher!.ReadExactlyAsync(buffer.AsMemory(0, sealedLength), cancellation);
        chunk = chunks.OpenAt(number, buffer.AsSpan(0, sealedLength), last: at + sealedLength == cipherLength);
        (chunkNumber, openAt) = (number, at + sealedLength);
    }

    private async Task<ChunkCipher> BeginAsync(CancellationToken cancellation)
    {
        var prefix = new byte[StreamCipher.PrefixLength];
        await OpenAsync(0, cancellation);
        await cipher!.ReadExactlyAsync(prefix, cancellation);
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
        (cipher, openAt) = (await open(offset, cancellation), offset);
    }
}
