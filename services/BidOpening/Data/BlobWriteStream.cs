using System.Buffers;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

/// <summary>Writes a content to the store in pieces of 4 MiB, at most as many bytes as were announced; it is whole once <see cref="EndAsync"/> returns, and on disk once the store has flushed it.</summary>
public sealed class BlobWriteStream(IBlobStore store, string key, long lengthMax, Func<Task>? requireAllowed = null) : Stream
{
    private const int Piece = 4 * 1024 * 1024;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(Piece);
    private int _filled;
    private long _written;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Rule.Require(_written + _filled + buffer.Length <= lengthMax, "content-too-long", $"More than the {lengthMax} bytes that were announced.");
        while (!buffer.IsEmpty)
        {
            var count = Math.Min(buffer.Length, Piece - _filled);
            buffer[..count].CopyTo(_buffer.AsMemory(_filled));
            (_filled, buffer) = (_filled + count, buffer[count..]);
            if (_filled == Piece) await PassOnAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public async Task EndAsync(CancellationToken ct)
    {
        if (_filled > 0 || _written == 0) await PassOnAsync(ct);
    }

    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

    protected override void Dispose(bool disposing)
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        base.Dispose(disposing);
    }

    private async Task PassOnAsync(CancellationToken ct)
    {
        await store.WriteAsync(key, _written, _buffer.AsMemory(0, _filled), requireAllowed ?? (() => Task.CompletedTask), ct);
        (_written, _filled) = (_written + _filled, 0);
    }
}
