using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>
/// Writes a signed heartbeat every ten seconds while bids can be taken here: the database answers, and the node's clock is in step. After a silence it notes the outage
/// and proposes an extension for every lot whose last hours it took too much of. All instances share one row of beats.
/// </summary>
public sealed partial class OutageWatch(IServiceScopeFactory scopes, NodeClock node, ReceiptKey key, IConfiguration configuration, TimeProvider clock, ILogger<OutageWatch> log) : BackgroundService
{
    public const string Type = "tendering-heartbeat";
    private const int LockClass = 727002, LockBeat = 1;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10), Once = TimeSpan.FromSeconds(8);

    private readonly OutageMeasure _measure = new(
        TimeSpan.FromHours(configuration.GetValue("Outages:WindowHours", 4)), configuration.GetValue("Outages:SharePercent", 10), TimeSpan.FromMinutes(configuration.GetValue("Outages:HoldMinutes", 60)));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await BeatAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogMissed(log, e.GetType().Name); }
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One beat, unless one was just written; with the first after a silence comes what follows from it.</summary>
    public async Task BeatAsync(CancellationToken ct)
    {
        if (!node.IsInStep) return;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BiddingDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockClass}, {LockBeat})", ct);
        var real = (await db.Database.SqlQuery<DateTimeOffset>($"select clock_timestamp() as \"Value\"").ToListAsync(ct)).Single();
        var last = (await db.Database.SqlQuery<Heartbeat>($"select at as \"At\", real_at as \"RealAt\", signed as \"Statement\" from heartbeat order by real_at desc limit 1").ToListAsync(ct)).SingleOrDefault();
        if (last is not null && real - last.RealAt < Once) return;
        var now = Moment.Of(clock);
        var beat = new Heartbeat(now, real, await key.SignAsync(new { at = now, realAt = real }, Type, ct));
        await db.Database.ExecuteSqlAsync($"insert into heartbeat (real_at, at, signed) values ({beat.RealAt}, {beat.At}, {beat.Statement})", ct);
        if (last is not null && Extension.Between(last, beat) is { } outage) await NoteAsync(db, outage, now, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private async Task NoteAsync(BiddingDb db, ReportedOutage outage, DateTimeOffset now, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"insert into outage (from_at, until_at, last_before, first_after) values ({outage.From}, {outage.Until}, {outage.LastBefore}, {outage.FirstAfter}) on conflict do nothing", ct);
        LogOutage(log, outage.From, outage.Until);
        var (from, until) = (outage.From, outage.Until + _measure.Window);
        var lots = await db.Lots.AsNoTracking().Where(l => l.Stage == LotStage.Open && l.BidDeadline > from && l.BidDeadline <= until && !db.Extensions.Any(e => e.LotId == l.Id && e.DecidedAt == null)).ToListAsync(ct);
        if (lots.Count == 0) return;
        var since = lots.Min(l => l.BidDeadline) - _measure.Window;
        var outages = await db.Database.SqlQuery<ReportedOutage>(
            $"select from_at as \"From\", until_at as \"Until\", last_before as \"LastBefore\", first_after as \"FirstAfter\" from outage where until_at > {since}").ToListAsync(ct);
        var ids = lots.Select(l => l.Id).ToArray();
        var decided = (await db.Extensions.AsNoTracking().Where(e => ids.Contains(e.LotId)).ToListAsync(ct)).ToLookup(e => e.LotId);
        foreach (var lot in lots)
        {
            if (Extension.Propose(lot, outages, decided[lot.Id].SelectMany(e => e.Outages), _measure, now) is not { } extension) continue;
            db.Add(extension);
            db.Publish(new ExtensionProposed(lot.TenderId, lot.Id, extension.Id, extension.Deadline, extension.ProposedDeadline, extension.Outages, now), now);
        }
    }

    [LoggerMessage(LogLevel.Warning, "No bids could be taken from {From} to {Until}.")]
    private static partial void LogOutage(ILogger log, DateTimeOffset from, DateTimeOffset until);

    [LoggerMessage(LogLevel.Warning, "A heartbeat could not be written ({Kind}).")]
    private static partial void LogMissed(ILogger log, string kind);
}
