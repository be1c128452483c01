using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>A call that is written out and only has to be sent: who sends it, and the manifest's hash that its receipt must name.</summary>
internal sealed record Call(string Cookies, Guid Lot, byte[] Body, string ManifestHash);

/// <summary>What came of a call.</summary>
internal sealed record Answered(Call Call, HttpStatusCode Status, byte[] Body);

/// <summary>
/// Many bidders' calls through one lean client: bodies are made before, answers are read after, so that of the machine that both share the client takes little. A bidder's
/// browser would come over a connection that it has open already; here they share as many as there are callers.
/// </summary>
internal sealed class Crowd(Uri gateway) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });

    public static Call Submission(Bidder bidder, Guid lot, PreparedBid bid) =>
        new(bidder.Session.Cookies, lot, JsonSerializer.SerializeToUtf8Bytes(new { bid.Manifest, bid.Signature, bid.PriceUpload, bid.FilesUpload }, Json), bid.ManifestHash);

    public async Task<Answered> SubmitAsync(Call call)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, $"api/bidding/lots/{call.Lot}/bids")) { Content = new ByteArrayContent(call.Body) { Headers = { ContentType = JsonType } } };
        return await SendAsync(request, call);
    }

    /// <summary>What everybody does in the minutes before: looks at the lot.</summary>
    public async Task LookAsync(Call call)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"api/bidding/lots/{call.Lot}"));
        var answer = await SendAsync(request, call);
        if (answer.Status != HttpStatusCode.OK) throw new InvalidOperationException($"A bidder cannot look at its lot: {answer.Status}.");
    }

    private async Task<Answered> SendAsync(HttpRequestMessage request, Call call)
    {
        request.Headers.Add("Cookie", call.Cookies);
        request.Headers.Add("X-Tendering-Csrf", "1");
        using var answer = await _http.SendAsync(request, CancellationToken.None);
        return new Answered(call, answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }

    public void Dispose() => _http.Dispose();
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
