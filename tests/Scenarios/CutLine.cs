using System.Net;
using System.Net.Sockets;

namespace Tendering.Scenarios;

/// <summary>A bad line to the gateway: passes bytes on, and after so many sent it holds, or cuts each connection that would send more.</summary>
public sealed class CutLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Uri _target;
    private readonly Task _accepting;
    private long _sent;

    public CutLine(Uri target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Bytes that clients sent through.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>From so many bytes on nothing more passes.</summary>
    public long HoldAfter { get; set; } = long.MaxValue;

    /// <summary>Each connection is cut after so many bytes.</summary>
    public long CutEach { get; set; } = long.MaxValue;

    public int Cuts { get; private set; }

    public Task HeldAsync(CancellationToken ct) => _held.Task.WaitAsync(TimeSpan.FromSeconds(60), ct);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true) open.Add(PassAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
        await Task.WhenAll(open);
    }

    private async Task PassAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(_target.Host, _target.Port, _end.Token);
            await Task.WhenAny(CopyAsync(near.GetStream(), far.GetStream(), isSending: true), CopyAsync(far.GetStream(), near.GetStream(), isSending: false));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException) { }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isSending)
    {
        var (buffer, mine) = (new byte[32 * 1024], 0L);
        try
        {
            while (await from.ReadAsync(buffer, _end.Token) is var read and > 0)
            {
                if (isSending && Sent + read > HoldAfter)
                {
                    _held.TrySetResult();
                    await Task.Delay(Timeout.Infinite, _end.Token);
                }
                if (isSending && (mine += read) > CutEach)
                {
                    Cuts++;
                    return;
                }
                if (isSending) Interlocked.Add(ref _sent, read);
                await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException) { }
    }
}
