using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts.Bidding;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>A bid whose form and signature are good; what is left is to be judged and stored under the lot's lock.</summary>
public sealed record Candidate(Lot Lot, BidManifest Manifest, string Text, string Hash, byte[] Signature, string Thumbprint, string SerialNumber, Guid PriceUpload, Guid FilesUpload, Caller Caller);

/// <summary>
/// Takes bids many at a time, because everybody submits in the last minutes: whatever waits is locked, judged, written and committed in one transaction of two
/// round trips. Each is judged for itself and has its own answer; only the lock, the trips and the wait for the disk are shared.
/// </summary>
public sealed partial class Intake : BackgroundService, IRushHour
{
    public const int BatchMax = 128, WaitingMax = 20_000;

    // While one waits for the disk, the other fills its batch.
    private const int Writers = 2;

    // So many at once are a rush; it is over when none came for a while.
    private const int RushMin = 8;
    private static readonly TimeSpan RushLasts = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Waiting> _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.Wait });
    private readonly NpgsqlDataSource _database;
    private readonly ReceiptKey _receipts;
    private readonly TimeProvider _clock;
    private readonly ILogger<Intake> _log;
    private long _rushed;

    public Intake(IConfiguration configuration, ReceiptKey receipts, TimeProvider clock, ILogger<Intake> log)
    {
        (_receipts, _clock, _log) = (receipts, clock, log);
        // Connections of its own: nobody's reading takes a bid's place. Its plans look rows up one by one, whatever the tables' statistics say in the first minute, and are made once.
        // Nobody else uses them and nothing is set on them, so there is nothing to reset between two batches.
        _database = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(configuration.GetConnectionString(BiddingService.Name)!)
        {
            MinPoolSize = 0, MaxPoolSize = Writers, NoResetOnClose = true, Options = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan",
        }.ConnectionString) { Name = "intake" }.Build();
    }

    /// <summary>Bids come in thick: what else there is to do waits a little.</summary>
    public bool IsNow => Interlocked.Read(ref _rushed) is > 0 and var at && Stopwatch.GetElapsedTime(at) < RushLasts;

    /// <summary>The bid as it was stored with its receipt; a rule that says no is thrown as it is anywhere else.</summary>
    public async Task<Bid> TakeAsync(Candidate candidate, CancellationToken ct)
    {
        var waiting = new Waiting(candidate, Activity.Current);
        if (!_queue.Writer.TryWrite(waiting)) throw new BusyException("too-many-at-once", "More bids wait here than can be taken at once: submit again in a second.");
        // Who leaves is not told; the same manifest again gets the receipt.
        return await waiting.Taken.Task.WaitAsync(ct);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _database.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(WriteAllAsync, CancellationToken.None)));

    // Ends when the queue is complete and empty: what was let in is answered.
    private async Task WriteAllAsync()
    {
        var held = new List<Waiting>();
        while (held.Count > 0 || await _queue.Reader.WaitToReadAsync())
        {
            var batch = Fill(held);
            if (batch.Count >= RushMin) Interlocked.Exchange(ref _rushed, Stopwatch.GetTimestamp());
            try { await WriteAsync(batch); }
            catch (Exception e) when (batch.Count > 1 && !ProblemHandler.IsDatabaseAway(e)) { foreach (var one in batch) await WriteAloneAsync(one); }
            catch (Exception e) { foreach (var one in batch) one.Taken.TrySetException(e); }
        }
    }

    // One that breaks the statement must not take the others' answer away.
    private async Task WriteAloneAsync(Waiting one)
    {
        try { await WriteAsync([one]); }
        catch (Exception e) { one.Taken.TrySetException(e); }
        LogSplit(_log);
    }

    // Of one bidder and lot only one at a time: the next is judged when this one stands.
    private List<Waiting> Fill(List<Waiting> held)
    {
        var (batch, seen, later) = (new List<Waiting>(), new HashSet<(Guid, Guid)>(), new List<Waiting>());
        void Add(Waiting one) => (seen.Add((one.Bid.Lot.Id, one.Bid.Manifest.Bidder)) ? batch : later).Add(one);
        foreach (var one in held) Add(one);
        while (batch.Count < BatchMax && later.Count < BatchMax && _queue.Reader.TryRead(out var one)) Add(one);
        held.Clear();
        held.AddRange(later);
        return batch;
    }

    private async Task WriteAsync(List<Waiting> batch)
    {
        var sign = await _receipts.SignerAsync(CancellationToken.None);
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var facts = await LockAndReadAsync(connection, batch);
        // Not before the lock is held: the closing waits for it, and whoever comes after the closing sees the lot closed.
        var now = Moment.Of(_clock);
        var good = new List<(Waiting Waiting, Bid Bid, Guid? Replaced, OutboxEvent Message)>();
        for (var i = 0; i < batch.Count; i++)
        {
            try { good.Add(Judge(batch[i], facts[i], sign, now)); }
            catch (Exception e) when (e is RuleBrokenException or NotFoundException) { batch[i].Taken.TrySetException(e); }
        }
        if (good.Count == 0) return;
        var stored = await WriteAndCommitAsync(connection, good);
        foreach (var (waiting, bid, _, _) in good)
        {
            if (stored.Contains(bid.Id)) waiting.Taken.TrySetResult(bid);
            else waiting.Taken.TrySetException(new RuleBrokenException("revision", "Your organisation changed its bid at the same moment: load the lot again."));
        }
    }

    private static (Waiting, Bid, Guid?, OutboxEvent) Judge(Waiting waiting, SubmissionFacts? facts, Func<ReceiptClaims, string> sign, DateTimeOffset now)
    {
        var (candidate, manifest) = (waiting.Bid, waiting.Bid.Manifest);
        if (facts is null) throw new NotFoundException("lot");
        Submission.Judge(candidate.Lot, manifest, facts, now);
        var id = Guid.CreateVersion7();
        var bid = new Bid
        {
            Id = id, TenderId = candidate.Lot.TenderId, LotId = candidate.Lot.Id, BidderId = manifest.Bidder, Revision = manifest.Revision, ManifestHash = candidate.Hash, Manifest = candidate.Text,
            Signature = candidate.Signature, Thumbprint = candidate.Thumbprint, PriceUpload = candidate.PriceUpload, FilesUpload = candidate.FilesUpload, SubmittedAt = now,
            Receipt = sign(new ReceiptClaims(id, candidate.Lot.TenderId, candidate.Lot.Id, manifest.Bidder, manifest.Revision, candidate.Hash, now)),
        };
        // The event's actor and trace are the caller's, not this loop's.
        (Caller.Current, Activity.Current) = (candidate.Caller, waiting.Trace);
        var message = facts.StandingBid is { } replaced
            ? Outbox.Row(new BidReplaced(bid.TenderId, bid.LotId, id, replaced, bid.BidderId, bid.Revision, bid.ManifestHash, now), now)
            : Outbox.Row(new BidSubmitted(bid.TenderId, bid.LotId, id, bid.BidderId, bid.Revision, bid.ManifestHash, now), now);
        (Caller.Current, Activity.Current) = (Caller.Platform, null);
        return (waiting, bid, facts.StandingBid, message);
    }

    private sealed record Waiting(Candidate Bid, Activity? Trace)
    {
        public TaskCompletionSource<Bid> Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(LogLevel.Warning, "A batch of bids failed in the database; they were stored one by one.")]
    private static partial void LogSplit(ILogger log);
}
