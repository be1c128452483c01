using System.Diagnostics;
using System.Security.Cryptography;
using Tendering.Client;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>Uploads through the gateway beside what nginx does with a plain PUT to the same disk, and how much the processes grow by it.</summary>
internal static class UploadBench
{
    private const int Megabytes = 256, Uploaders = 4;

    public static async Task RunAsync(Market market)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var tender = await Publishing.PublishAsync(market, rules, $"Uploads {run}", "uploads", deadline, [new LotTerms("lot", 10_000_000_00, null, 0)], default);
        using var bidder = await Bidder.EnterAsync(market, "Upload Works", run, "CNY", 1, default);
        await bidder.RegisterAsync(tender.Lots[0].LotId, default);
        var content = RandomNumberGenerator.GetBytes(Megabytes * 1024 * 1024);
        var before = Watched.Memory();
        Console.WriteLine("warming up with one file");
        await UploadAsync(bidder, tender.Lots[0].LotId, content);
        await SendAsync(bidder, tender.Lots[0].LotId, content);

        Console.WriteLine($"uploading {Uploaders} files of {Megabytes} MiB at once");
        var rate = await RateAsync(() => SendAsync(bidder, tender.Lots[0].LotId, content));
        Figures.Figure("upload", rate, "MiB/s");
        Figures.Figure("upload_in_chunks", await RateAsync(() => UploadAsync(bidder, tender.Lots[0].LotId, content)), "MiB/s");
        foreach (var (name, peak) in Watched.Memory(peak: true)) Figures.Figure($"upload_peak_{name}", peak - before[name], "MiB above idle");
        if (await Nginx.PutAsync(content, Uploaders) is not { } nginx) Console.WriteLine("nginx is not installed and could not be (apt-get install nginx-light): RATIO upload_per_nginx is left out");
        else
        {
            // What is taken here is on disk; so the ratio is to what nginx's files need to be there too.
            Figures.Figure("nginx_put", nginx.Answered, "MiB/s");
            Figures.Figure("nginx_put_on_disk", nginx.OnDisk, "MiB/s");
            Figures.Ratio("upload_per_nginx", rate / nginx.OnDisk);
            Figures.Ratio("upload_per_nginx_unsafe", rate / nginx.Answered);
        }
    }

    private static async Task<double> RateAsync(Func<Task> upload)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Uploaders).Select(_ => upload()));
        return Uploaders * Megabytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // As plain as nginx's PUT: one call that brings all.
    private static async Task SendAsync(Bidder bidder, Guid lot, byte[] content)
    {
        var upload = await Uploads.BeginAsync(bidder.Session, lot, SealedPart.Files, content.Length, default);
        using var call = new HttpRequestMessage(HttpMethod.Patch, $"api/bidding/uploads/{upload}")
        {
            Headers = { { "Tus-Resumable", "1.0.0" }, { "Upload-Offset", "0" } }, Content = new ByteArrayContent(content) { Headers = { ContentType = new("application/offset+octet-stream") } },
        };
        (await bidder.Session.SendOnceAsync(call, TimeSpan.FromMinutes(10), default)).Dispose();
    }

    // As bidders do over bad lines: chunk by chunk, each with its checksum and on disk when it is answered.
    private static async Task UploadAsync(Bidder bidder, Guid lot, byte[] content)
    {
        var upload = await Uploads.BeginAsync(bidder.Session, lot, SealedPart.Files, content.Length, default);
        using var stream = new MemoryStream(content, writable: false);
        await Uploads.ContinueAsync(bidder.Session, upload, stream, null, default);
    }
}
