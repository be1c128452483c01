using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using Tendering.BidOpening.Features;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

/// <summary>
/// Hands bids whose archives are due to their feature, apart from the loop of the openings' moments, which an archive of gigabytes does not keep waiting. As many at once as there
/// are cores, up to a limit: while one is hashed another waits for its disk. Instances share the work; what one leaves when it ends or dies, another begins anew.
/// </summary>
public sealed partial class SealedArchives([FromKeyedServices(BidOpeningService.Name)] NpgsqlDataSource database, IServiceScopeFactory scopes, OpeningMeans means, TimeProvider clock, ILogger<SealedArchives> log) : BackgroundService
{
    public const int AtOnceMax = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), Postponed = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<Guid, long> _failed = new();

    public static int AtOnce => Math.Clamp(Environment.ProcessorCount, 1, AtOnceMax);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => WorkAsync(stoppingToken), CancellationToken.None)));

    private async Task WorkAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            // Taken before the look, so that a move of the clock during it is not missed.
            var moved = (clock as SimulatedClock)?.NextMove;
            try { while (await HandleOneAsync(ct) || await ForgetCopyAsync(ct)) { } }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(log, e.GetType().Name, e.Message); }
            var pause = Task.Delay(Pause, ct);
            await (moved is null ? pause : Task.WhenAny(pause, moved)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> HandleOneAsync(CancellationToken ct)
    {
        await using var claim = await ArchiveClaim.TakeAsync(database, StillPostponed(), clock.GetUtcNow(), ct);
        if (claim is null) return false;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            Caller.Current = Caller.Platform;
            await OpenFilesWhenDue.Handle(claim, scope.ServiceProvider.GetRequiredService<BidOpeningDb>(), scope.ServiceProvider, ct);
            _failed.TryRemove(claim.Bid, out _);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            _failed[claim.Bid] = Stopwatch.GetTimestamp();
            LogFailed(log, claim.Bid, e);
        }
        return true;
    }

    // An earlier version left copies in the clear: the row goes when the bytes are gone.
    private async Task<bool> ForgetCopyAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var take = new NpgsqlCommand("delete from clear_copy where bid_id = (select bid_id from clear_copy limit 1 for update skip locked) returning bid_id", connection);
        if (await take.ExecuteScalarAsync(ct) is not Guid bid) return false;
        await means.Store.DeleteAsync($"opened/{bid}", ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    // One archive that fails must not keep the others waiting.
    private Guid[] StillPostponed() => [.. _failed.Where(f => Stopwatch.GetElapsedTime(f.Value) < Postponed).Select(f => f.Key)];

    [LoggerMessage(LogLevel.Warning, "Looking for due archives failed ({Kind}: {Reason}) and goes on.")]
    private static partial void LogLost(ILogger log, string kind, string reason);

    [LoggerMessage(LogLevel.Error, "The archive of bid {Bid} could not be handled; it will be tried again.")]
    private static partial void LogFailed(ILogger log, Guid bid, Exception e);
}
