using Npgsql;
using NpgsqlTypes;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>Fills what is searched, behind the record and never in its way. It can be emptied and fills again.</summary>
public sealed partial class IndexForSearch([FromKeyedServices(SupervisionService.Name)] NpgsqlDataSource database, ILogger<IndexForSearch> logger) : BackgroundService
{
    private const int LockClass = 727001, LockIndex = 9, BatchMax = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { while (await IsAnythingNewAsync(stoppingToken) && await IndexAsync(stoppingToken) == BatchMax) { } }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(logger, e.GetType().Name, e.Message); }
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A glance without a transaction: most of the time nothing is new.
    private async Task<bool> IsAnythingNewAsync(CancellationToken ct)
    {
        await using var glance = database.CreateCommand("select coalesce((select max(index) from event), 0) > coalesce((select max(index) from search), 0)");
        return (bool)(await glance.ExecuteScalarAsync(ct))!;
    }

    private async Task<int> IndexAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var take = new NpgsqlCommand($"set local synchronous_commit = off; select pg_try_advisory_xact_lock({LockClass}, {LockIndex})", connection))
            if (await take.ExecuteScalarAsync(ct) is not true) return 0;
        var events = await RecordedEvent.ReadAsync(connection, $"index > coalesce((select max(index) from search), 0) order by index limit {BatchMax}", [], ct);
        if (events.Count == 0) return 0;
        await using (var copy = await connection.BeginBinaryImportAsync("copy search (index, source, type, tender_id, person_id, occurred_at, grams) from stdin (format binary)", ct))
        {
            foreach (var e in events)
            {
                await copy.StartRowAsync(ct);
                await copy.WriteAsync(e.Index, ct);
                await copy.WriteAsync(e.Source, ct);
                await copy.WriteAsync(e.Type, ct);
                await copy.WriteAsync(e.TenderId, NpgsqlDbType.Uuid, ct);
                await copy.WriteAsync(e.PersonId, NpgsqlDbType.Uuid, ct);
                await copy.WriteAsync(e.OccurredAt.ToUniversalTime(), NpgsqlDbType.TimestampTz, ct);
                await copy.WriteAsync(SearchText.GramsOf(e), NpgsqlDbType.Array | NpgsqlDbType.Integer, ct);
            }
            await copy.CompleteAsync(ct);
        }
        await transaction.CommitAsync(ct);
        return events.Count;
    }

    [LoggerMessage(LogLevel.Warning, "Indexing for the search failed ({Kind}: {Reason}) and is tried again.")]
    private static partial void LogFailed(ILogger log, string kind, string reason);
}
