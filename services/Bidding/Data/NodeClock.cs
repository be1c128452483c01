using Npgsql;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>How far the database's clock is ahead of this node's real clock; null where it could not be told.</summary>
public delegate Task<TimeSpan?> MeasureOffset(CancellationToken ct);

/// <summary>Deadline time is the server's: a node whose real clock differs from the database's by more than half a second takes no bids and says so.</summary>
public sealed class NodeClock(MeasureOffset measure) : BackgroundService
{
    public static readonly TimeSpan DifferenceMax = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3), MeasuredMax = TimeSpan.FromSeconds(30);
    private volatile Measured? _last;

    public bool IsInStep => _last is { } last && last.Offset.Duration() <= DifferenceMax && TimeProvider.System.GetElapsedTime(last.At) < MeasuredMax;

    public void RequireInStep()
    {
        Rule.Require(IsInStep, "clock-differs", "This node's clock cannot be trusted at the moment, so it takes no bids: submit again at once, another node may answer.");
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await MeasureAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested) await MeasureAsync(stoppingToken);
        }
    }

    // A measurement that fails leaves the last one to grow old.
    private async Task MeasureAsync(CancellationToken ct)
    {
        try { if (await measure(ct) is { } offset) _last = new Measured(offset, TimeProvider.System.GetTimestamp()); }
        catch (NpgsqlException) { }
        catch (OperationCanceledException) { }
    }

    /// <summary>Compares with the middle of a round trip; a slow one says too little and is not used.</summary>
    public static MeasureOffset Against(NpgsqlDataSource database) => async ct =>
    {
        await using var command = database.CreateCommand("select clock_timestamp()");
        await command.ExecuteScalarAsync(ct);                     // the first one may open a connection
        var (before, start) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetTimestamp());
        var there = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
        var trip = TimeProvider.System.GetElapsedTime(start);
        return trip > DifferenceMax ? null : there - (before + (trip / 2));
    };

    private sealed record Measured(TimeSpan Offset, long At);
}
