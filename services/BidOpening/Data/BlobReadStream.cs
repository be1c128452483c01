using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

/// <summary>A content of the store of which the length is known, to be read from anywhere: it is opened anew where the reader jumps. Whatever the store does not do is an <see cref="IOException"/>.</summary>
public sealed class BlobReadStream(IBlobStore store, string key, long length) : Stream
{
    private Stream? _open;
    private long _openAt, _position;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => length;
    public override long Position { get => _position; set => Seek(value, SeekOrigin.Begin); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length || buffer.IsEmpty) return 0;
        try
        {
            if (_open is null || _openAt != _position) await OpenAsync(cancellationToken);
            var read = await _open!.ReadAsync(buffer, cancellationToken);
            if (read == 0) throw new IOException("The content is shorter than what was written.");
            _position = _openAt += read;
            return read;
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException)) { throw new IOException("The storage did not do what was asked.", e); }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // A ZIP's directory is read so, a few kilobytes at a time.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => length + offset };
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        return _position = to;
    }

    public override void Flush() { }
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (_open is not null) await _open.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        if (_open is not null) await _open.DisposeAsync();
        (_open, _openAt) = (await store.OpenReadAsync(key, _position, ct) ?? throw new IOException("The content is gone."), _position);
    }
}
