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
    private readonly ConcurrentDictionary<Guid, string> _underway = new();

    /// <summary>The archive is written; from here on it is brought to disk.</summary>
    public void Bring(Guid bid, string key)
    {
        if (_underway.TryAdd(bid, key)) _written.Writer.TryWrite((bid, key));
    }

    /// <summary>True from <see cref="Bring"/> until the archive is on disk and its bid says so, or the disk failed.</summary>
    public bool IsUnderway(Guid bid) => _underway.ContainsKey(bid);

    // What waits when the process ends is opened again by another; what has begun ends.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var several = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
        try { await Parallel.ForEachAsync(_written.Reader.ReadAllAsync(stoppingToken), several, async (written, _) => await BringAsync(written.Bid, written.Key)); }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    // What fails is due again by itself.
    private async Task BringAsync(Guid bid, string key)
    {
        try
        {
            await means.Store.FlushAsync(key, CancellationToken.None);
            await using var command = database.CreateCommand("update listed_bid set next_due_at = case when files_stage = 'Opened' then null else next_due_at end where id = $1");
            command.Parameters.Add(new() { Value = bid });
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) { LogFailed(log, bid, e.GetType().Name); }
        finally { _underway.TryRemove(bid, out _); }
    }

    [LoggerMessage(LogLevel.Warning, "The opened archive of bid {Bid} is not known to be on disk ({Kind}): it will be opened again.")]
    private static partial void LogFailed(ILogger log, Guid bid, string kind);
}
