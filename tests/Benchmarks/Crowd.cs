using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>A call that is written out and only has to be sent: who sends it, and the manifest's hash that its receipt must name.</summary>
internal sealed record Call(string Cookies, Guid Lot, byte[] Body, string ManifestHash);

/// <summary>What came of a call.</summary>
internal sealed record Answered(Call Call, HttpStatusCode Status, byte[] Body);

/// <summary>
/// Many bidders' calls, each over a connection that is open already, as a bidder's browser has it; bodies are made before and answers read after. HTTP is written out by hand, one write
/// a call: bidders bring machines of their own, so of the one that client and platform share here the client takes as little as it can.
/// </summary>
internal sealed class Crowd(Uri gateway) : IDisposable
{
    // As a browser writes it: a quote in a text is two characters, not six.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentStack<Line> _idle = new();

    public static Call Submission(Bidder bidder, Guid lot, PreparedBid bid) =>
        new(bidder.Session.Cookies, lot, JsonSerializer.SerializeToUtf8Bytes(new { bid.Manifest, bid.Signature, bid.PriceUpload, bid.FilesUpload }, Json), bid.ManifestHash);

    public Task<Answered> SubmitAsync(Call call) => SendAsync($"POST /api/bidding/lots/{call.Lot}/bids", $"X-Tendering-Csrf: 1\r\nContent-Type: application/json\r\nContent-Length: {call.Body.Length}\r\n", call, call.Body);

    /// <summary>What everybody does in the minutes before: looks at the lot.</summary>
    public async Task LookAsync(Call call)
    {
        var answer = await SendAsync($"GET /api/bidding/lots/{call.Lot}", "", call, []);
        if (answer.Status != HttpStatusCode.OK) throw new InvalidOperationException($"A bidder cannot look at its lot: {answer.Status}.");
    }

    private async Task<Answered> SendAsync(string what, string headers, Call call, byte[] body)
    {
        Line? line;
        while (_idle.TryPop(out line) && line.IsClosed) line.Dispose();
        line ??= await Line.OpenAsync(gateway);
        var (status, answer) = await line.AskAsync($"{what} HTTP/1.1\r\nHost: {gateway.Authority}\r\nCookie: {call.Cookies}\r\n{headers}\r\n", body);
        _idle.Push(line);
        return new Answered(call, status, answer);
    }

    public void Dispose()
    {
        foreach (var line in _idle) line.Dispose();
    }
}

/// <summary>One connection of HTTP/1.1 that is kept, for one call at a time; understands the answers that the gateway gives: of a stated length or in chunks.</summary>
internal sealed class Line : IDisposable
{
    private static ReadOnlySpan<byte> HeadEnd => "\r\n\r\n"u8;
    private static ReadOnlySpan<byte> ChunksEnd => "0\r\n\r\n"u8;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _bytes = new byte[16 * 1024];

    /// <summary>The gateway closes what is idle for minutes; before a call there is nothing else to read.</summary>
    public bool IsClosed => _socket.Poll(0, SelectMode.SelectRead);

    public static async Task<Line> OpenAsync(Uri to)
    {
        var line = new Line();
        await line._socket.ConnectAsync(to.Host, to.Port);
        return line;
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> AskAsync(string head, byte[] body)
    {
        if (head.Length + body.Length > _bytes.Length) _bytes = new byte[head.Length + body.Length];
        body.CopyTo(_bytes, Encoding.ASCII.GetBytes(head, _bytes));
        for (var sent = 0; sent < head.Length + body.Length;) sent += await _socket.SendAsync(_bytes.AsMemory(sent, head.Length + body.Length - sent));
        for (var received = 0; ;)
        {
            if (received == _bytes.Length) Array.Resize(ref _bytes, 2 * received);
            if (await _socket.ReceiveAsync(_bytes.AsMemory(received)) is var count and > 0) received += count;
            else throw new IOException("The gateway closed the connection in the middle of an answer.");
            if (Read(_bytes.AsSpan(0, received)) is { } answer) return answer;
        }
    }

    // Null until the answer is there to its end.
    private static (HttpStatusCode, byte[])? Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf(HeadEnd);
        if (end < 0) return null;
        var head = Encoding.ASCII.GetString(bytes[..end]);
        var body = bytes[(end + HeadEnd.Length)..];
        var status = (HttpStatusCode)int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        if (head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)) return body.EndsWith(ChunksEnd) ? (status, Unchunked(body)) : null;
        const string length = "\r\nContent-Length: ";
        var stated = head.AsSpan(head.IndexOf(length, StringComparison.OrdinalIgnoreCase) + length.Length);
        return body.Length < int.Parse(stated.IndexOf('\r') is var line and >= 0 ? stated[..line] : stated, CultureInfo.InvariantCulture) ? null : (status, body.ToArray());
    }

    private static byte[] Unchunked(ReadOnlySpan<byte> body)
    {
        var whole = new ArrayBufferWriter<byte>();
        while (true)
        {
            var line = body.IndexOf("\r\n"u8);
            var length = int.Parse(Encoding.ASCII.GetString(body[..line]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (length == 0) return whole.WrittenSpan.ToArray();
            whole.Write(body.Slice(line + 2, length));
            body = body[(line + 2 + length + 2)..];
        }
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>
/// A bidder that replaces its bid again and again. Only the revision differs and is signed anew: the platform cannot look inside before the opening, and so takes each in full.
/// </summary>
internal sealed class Replacing(Bidder bidder, Guid lot, PreparedBid first) : IDisposable
{
    private readonly BidManifest _manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(first.Manifest));
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _revision;

    /// <summary>Submits the next revision; one at a time.</summary>
    public async Task<Answered> SubmitAsync(Crowd crowd)
    {
        await _turn.WaitAsync();
        try { return await crowd.SubmitAsync(Crowd.Submission(bidder, lot, bidder.Resign(_manifest with { Revision = ++_revision }, first))); }
        finally { _turn.Release(); }
    }

    public void Dispose()
    {
        _turn.Dispose();
        bidder.Dispose();
    }

    /// <summary>So many bidders, each with one sealed and uploaded bid on the lot.</summary>
    public static async Task<List<Replacing>> EnterAsync(Market market, Tender tender, Guid lot, string run, int count)
    {
        var bidders = new ConcurrentBag<Replacing>();
        await Progress.ForEachAsync("bidders that replace their bids", count, async n =>
        {
            var bidder = await Bidder.EnterAsync(market, $"Replacing Works {n}", run, "CNY", 1, default);
            await bidder.RegisterAsync(lot, default);
            bidders.Add(new Replacing(bidder, lot, await bidder.PrepareAsync(tender, lot, 1, 1_000_000 + n, "CNY", default)));
        });
        return [.. bidders];
    }
}

/// <summary>What takes long says how far it is.</summary>
internal static class Progress
{
    private const int AtOnce = 4;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    public static async Task ForEachAsync(string what, int count, Func<int, Task> work)
    {
        var (done, said, gate) = (0, TimeProvider.System.GetTimestamp(), new Lock());
        Console.WriteLine($"preparing {count} {what}");
        await Parallel.ForEachAsync(Enumerable.Range(1, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (n, _) =>
        {
            await work(n);
            lock (gate)
            {
                done++;
                if (TimeProvider.System.GetElapsedTime(said) < Every) return;
                said = TimeProvider.System.GetTimestamp();
                Console.WriteLine($"  {done} of {count}");
            }
        });
    }
}
