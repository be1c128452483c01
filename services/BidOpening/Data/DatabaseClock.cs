using Npgsql;

namespace Tendering.BidOpening.Data;

/// <summary>How far the database's clock is from this node's real clock.</summary>
public delegate Task<TimeSpan> MeasureOffset(CancellationToken ct);

/// <summary>The moment of an opening is the server's: a node whose real clock differs from the database's by more than half a second starts none and leaves it to another.</summary>
public static class DatabaseClock
{
    public static readonly TimeSpan DifferenceMax = TimeSpan.FromMilliseconds(500);

    /// <summary>Compares with the middle of a round trip, in the node's favour by half of it: a slow database is no wrong clock.</summary>
    public static MeasureOffset Against(NpgsqlDataSource database) => async ct =>
    {
        await using var command = database.CreateCommand("select clock_timestamp()");
        await command.ExecuteScalarAsync(ct);                     // the first one may open a connection
        var (before, start) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetTimestamp());
        var there = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
        var half = TimeProvider.System.GetElapsedTime(start) / 2;
        var offset = (there - (before + half)).Duration();
        return offset > half ? offset - half : TimeSpan.Zero;
    };
}
