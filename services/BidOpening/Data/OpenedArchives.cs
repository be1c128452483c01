using System.Collections.Concurrent;
using System.Threading.Channels;
using Npgsql;
using Tendering.BidOpening.Features;

namespace Tendering.BidOpening.Data;

/// <summary>
/// Brings opened archives to disk behind the opening, which does not wait for it: what a crash takes can be opened again from its ciphertext. Until an archive is known to
/// be on disk its bid stays due; if this process dies before, another opens it anew when that time comes.
/// </summary>
public sealed partial class OpenedArchives([FromKeyedServices(BidOpeningService.Name)] NpgsqlDataSource database, OpeningMeans means, ILogger<OpenedArchives> log) : BackgroundService
{
    public const int AtOnce = 2;
    private readonly Channel<(Guid Bid, string Key)> _written = Channel.CreateUnbounded<(Guid, string)>();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<bool>> _underway = new();

    /// <summary>The archive is written; from here on it is brought to disk.</summary>
    public void Bring(Guid bid, string key)
    {
        if (_underway.TryAdd(bid, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously))) _written.Writer.TryWrite((bid, key));
    }

    /// <summary>True once what this process wrote is on disk; false where it wrote nothing, or the disk failed.</summary>
    public Task<bool> IsOnDiskAsync(Guid bid) => _underway.TryGetValue(bid, out var flushed) ? flushed.Task : Task.FromResult(false);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Parallel.ForEachAsync(_written.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken }, async (written, ct) => await BringAsync(written.Bid, written.Key, ct));

    // Whoever holds the bid's row may wait for the disk here: it is told before the row is touched. What fails is due again by itself.
    private async Task BringAsync(Guid bid, string key, CancellationToken ct)
    {
        TaskCompletionSource<bool>? flushed = null;
        try
        {
            try { await means.Store.FlushAsync(key, ct); }
            finally { _underway.TryRemove(bid, out flushed); }
            flushed!.SetResult(true);
            // By id alone: where the row is still held, the stage that counts is the one it has afterwards.
            await using var command = database.CreateCommand("update listed_bid set next_due_at = case when files_stage = 'Opened' then null else next_due_at end where id = $1");
            command.Parameters.Add(new() { Value = bid });
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested) { LogFailed(log, bid, e.GetType().Name); }
        finally { flushed?.TrySetResult(false); }
    }

    [LoggerMessage(LogLevel.Warning, "The opened archive of bid {Bid} is not known to be on disk ({Kind}): it will be opened again.")]
    private static partial void LogFailed(ILogger log, Guid bid, string kind);
}
