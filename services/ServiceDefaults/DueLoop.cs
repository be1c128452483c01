using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tendering.ServiceDefaults;

/// <summary>A moment derived from state: rows of <paramref name="Table"/> whose <c>next_due_at</c> has come are handed to the handler by id, one a transaction.</summary>
public sealed record Due<TDb>(string Table, Func<Guid, TDb, IServiceProvider, DateTimeOffset, CancellationToken, Task> Handle) where TDb : DbContext;

/// <summary>Looks for due rows, claims each with FOR UPDATE SKIP LOCKED and lets its feature act. A restart loses none; several instances share the work.</summary>
public sealed partial class DueLoop<TDb>(IReadOnlyList<Due<TDb>> dues, NpgsqlDataSource database, IServiceScopeFactory scopes, TimeProvider clock, ILogger<DueLoop<TDb>> log)
    : BackgroundService where TDb : DbContext
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), PostponeMax = TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, (int Failures, long Until)> _postponed = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Taken before the look, so that a move of the clock during it is not missed.
            var moved = (clock as SimulatedClock)?.NextMove;
            try { while (await IsAnythingDueAsync(stoppingToken) && await HandleOneOfEachAsync(stoppingToken)) { } }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(log, e.GetType().Name, e.Message); }
            var pause = Task.Delay(Pause, stoppingToken);
            await (moved is null ? pause : Task.WhenAny(pause, moved)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Turn by turn: many rows of one table must not keep another's moments waiting.
    private async Task<bool> HandleOneOfEachAsync(CancellationToken ct)
    {
        var any = false;
        foreach (var due in dues) any |= await HandleOneAsync(due, ct);
        return any;
    }

    /// <summary>Handles one due row; false when none is due.</summary>
    public async Task<bool> HandleOneAsync(Due<TDb> due, CancellationToken ct)
    {
        var postponed = Postponed();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();
        if (await ClaimAsync(due, db, postponed, now, ct) is not { } id) return false;
        try
        {
            using var span = Relay.Trace.StartActivity("due " + due.Table);
            Caller.Current = Caller.Platform;
            await due.Handle(id, db, scope.ServiceProvider, now, ct);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            _postponed.Remove(id);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Postpone(id);
            LogFailed(log, due.Table, id, e);
        }
        return true;
    }

    // One look at all tables, without a transaction: most of the time nothing is due.
    private async Task<bool> IsAnythingDueAsync(CancellationToken ct)
    {
        var looks = dues.Select(d => $"exists (select 1 from {d.Table} where next_due_at <= @now and not (id = any (@postponed)))");
        await using var glance = database.CreateCommand("select " + string.Join(" or ", looks));
        glance.Parameters.AddWithValue("now", clock.GetUtcNow().ToUniversalTime());
        glance.Parameters.AddWithValue("postponed", Postponed());
        return (bool)(await glance.ExecuteScalarAsync(ct))!;
    }

    private static async Task<Guid?> ClaimAsync(Due<TDb> due, TDb db, Guid[] postponed, DateTimeOffset now, CancellationToken ct)
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var claim = new NpgsqlCommand(
            $"select id from {due.Table} where next_due_at <= @now and not (id = any (@postponed)) order by next_due_at limit 1 for update skip locked", connection);
        claim.Parameters.AddWithValue("now", now.ToUniversalTime());
        claim.Parameters.AddWithValue("postponed", postponed);
        return (Guid?)await claim.ExecuteScalarAsync(ct);
    }

    // One row that fails must not keep the others waiting.
    private void Postpone(Guid id)
    {
        var failures = _postponed.GetValueOrDefault(id).Failures + 1;
        var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - 1) / 2, PostponeMax.TotalSeconds));
        _postponed[id] = (failures, Stopwatch.GetTimestamp() + (long)(pause.TotalSeconds * Stopwatch.Frequency));
    }

    private Guid[] Postponed() => [.. _postponed.Where(p => p.Value.Until > Stopwatch.GetTimestamp()).Select(p => p.Key)];

    [LoggerMessage(LogLevel.Warning, "The loop for due moments failed ({Kind}: {Reason}) and goes on.")]
    private static partial void LogLost(ILogger log, string kind, string reason);

    [LoggerMessage(LogLevel.Error, "What was due for {Table} {Id} failed; it will be tried again.")]
    private static partial void LogFailed(ILogger log, string table, Guid id, Exception e);
}

/// <summary>What a service makes when it starts for the first time; tried until it has succeeded once.</summary>
public sealed partial class FirstStart<TDb>(
    string name, Func<TDb, IServiceProvider, DateTimeOffset, CancellationToken, Task> make, IServiceScopeFactory scopes, TimeProvider clock, ILogger<FirstStart<TDb>> log) : BackgroundService where TDb : DbContext
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    public string Name => name;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await MakeAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, name, e.GetType().Name); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task MakeAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({name}, 0))", ct);
        await make(db, scope.ServiceProvider, clock.GetUtcNow(), ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "What is made at the first start, {Name}, could not be made yet ({Kind}); it is tried again.")]
    private static partial void LogFailed(ILogger log, string name, string kind);
}

/// <summary>Forgets what no repeat can still refer to: handled events and given answers, by the database's own clock.</summary>
public sealed partial class Housekeeping(NpgsqlDataSource database, ILogger<Housekeeping> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested) return;
            try
            {
                await using var command = database.CreateCommand(
                    "delete from inbox where handled_at < now() - interval '60 days'; delete from idempotency where created_at < now() - interval '7 days'");
                await command.ExecuteNonQueryAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, e.Message); }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Housekeeping failed ({Reason}) and is tried again later.")]
    private static partial void LogFailed(ILogger log, string reason);
}
