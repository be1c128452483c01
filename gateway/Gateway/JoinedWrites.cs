using System.Buffers.Text;
using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Tendering.Gateway;

/// <summary>
/// A connection to a service on which the head of a call waits for its short JSON body, so that both leave in one write: the client writes them one by one, and the service would wake
/// twice. Bodies of any other kind or length, such as uploads', pass as they come; a connection whose calls cannot be followed (bodies in chunks) passes on everything so.
/// </summary>
public sealed class JoinedWrites(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>Head and body together, in bytes; longer calls leave in as many writes as they come in.</summary>
    public const int Max = 16 * 1024;

    // What one call has done to a connection is over then.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private byte[]? _held;
    private int _heldLength;
    private long _bodyLeft;
    private bool _asItComes;

    private static ReadOnlySpan<byte> HeadEnd => "\r\n\r\n"u8;
    private static ReadOnlySpan<byte> StatedLength => "\r\nContent-Length: "u8;

    /// <summary>Connects as the framework does; TLS is left to it.</summary>
    public static void Use(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        handler.PooledConnectionLifetime = Lifetime;
        handler.ConnectCallback = ConnectAsync;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var isHead = !_asItComes && _bodyLeft == 0;
        if (isHead) ReadHead(buffer.Span);
        else _bodyLeft = Math.Max(0, _bodyLeft - buffer.Length);
        if (_heldLength == 0 && !(isHead && _bodyLeft > 0 && buffer.Length + _bodyLeft <= Max && IsJson(buffer.Span))) return base.WriteAsync(buffer, cancellationToken);
        if (_heldLength + buffer.Length > Max) return WriteBothAsync(buffer, cancellationToken);
        buffer.CopyTo((_held ??= new byte[Max]).AsMemory(_heldLength));
        _heldLength += buffer.Length;
        return _bodyLeft > 0 ? ValueTask.CompletedTask : WriteHeldAsync(cancellationToken);
    }

    // Whichever way is used, nothing overtakes what is held.
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Calls to services are written asynchronously.");

    public override void Write(ReadOnlySpan<byte> buffer) => throw new NotSupportedException("Calls to services are written asynchronously.");

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext to, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to.DnsEndPoint, ct);
            return to.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttp ? new JoinedWrites(socket) : new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> head) => head[..head.IndexOf(HeadEnd)].IndexOf("\r\nContent-Type: application/json"u8) >= 0;

    // The client writes each head whole, and of the body nothing before it.
    private void ReadHead(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf(HeadEnd);
        var head = bytes[..Math.Max(end, 0)];
        if (end < 0 || head.IndexOf("\r\nTransfer-Encoding:"u8) >= 0 || head.IndexOf("\r\nUpgrade:"u8) >= 0 || head.IndexOf("\r\nExpect:"u8) >= 0) _asItComes = true;
        else if (head.IndexOf(StatedLength) is var stated and >= 0 && Utf8Parser.TryParse(head[(stated + StatedLength.Length)..], out long length, out _))
            _bodyLeft = Math.Max(0, length - (bytes.Length - end - HeadEnd.Length));
    }

    private ValueTask WriteHeldAsync(CancellationToken ct)
    {
        var length = _heldLength;
        _heldLength = 0;
        return base.WriteAsync(_held.AsMemory(0, length), ct);
    }

    private async ValueTask WriteBothAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        await WriteHeldAsync(ct);
        await base.WriteAsync(bytes, ct);
    }
}
