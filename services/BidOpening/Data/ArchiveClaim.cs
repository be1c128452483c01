using System.Data;
using Npgsql;

namespace Tendering.BidOpening.Data;

/// <summary>
/// A due bid that one worker of all instances has for itself: an advisory lock on a connection of its own, so that no transaction stays open however long an archive is. A process
/// that dies loses the connection and with it the claim, and another begins anew; whoever lost its claim records nothing.
/// </summary>
public sealed class ArchiveClaim : IAsyncDisposable
{
    private const int LooksMax = 64;
    private const string Key = "hashtextextended('archive:' || $1::text, 0)";

    // A machine that vanished without a word is noticed within a minute, and not after the hours that TCP waits; who only waits for its archive is not sent away.
    private const string NoticeSoon = "select set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false), set_config('idle_session_timeout', '0', false)";

    private readonly NpgsqlConnection _connection;

    private ArchiveClaim(NpgsqlConnection connection, Guid bid) => (_connection, Bid) = (connection, bid);

    public Guid Bid { get; }

    /// <summary>Of the bids that nobody has the one that is due longest, or null.</summary>
    public static async Task<ArchiveClaim?> TakeAsync(NpgsqlDataSource database, Guid[] postponed, DateTimeOffset now, CancellationToken ct)
    {
        var utc = now.ToUniversalTime();
        if (await DueAsync(database, postponed, utc, ct) is not { Count: > 0 } due) return null;
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            await ScalarAsync(connection, NoticeSoon, ct);
            foreach (var bid in due)
            {
                if (!await TrueAsync(connection, $"select pg_try_advisory_lock({Key})", ct, bid)) continue;
                // Between the look and the lock another may have come and gone.
                if (await TrueAsync(connection, "select exists (select 1 from listed_bid where id = $1 and next_due_at <= $2)", ct, bid, utc)) return new ArchiveClaim(connection, bid);
                await ScalarAsync(connection, $"select pg_advisory_unlock({Key})", ct, bid);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Throws where the connection, and so the claim, is lost.</summary>
    public Task RequireAsync() => ScalarAsync(_connection, "select 1", CancellationToken.None);

    // The pool resets what the session holds only when the connection is used again.
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_connection.FullState == ConnectionState.Open) await ScalarAsync(_connection, "select pg_advisory_unlock_all()", CancellationToken.None);
        }
        catch (NpgsqlException) { }                      // the connection is gone, and the lock with it
        await _connection.DisposeAsync();
    }

    private static async Task<List<Guid>> DueAsync(NpgsqlDataSource database, Guid[] postponed, DateTimeOffset now, CancellationToken ct)
    {
        await using var look = database.CreateCommand($"select id from listed_bid where next_due_at <= $1 and not (id = any ($2)) order by next_due_at, id limit {LooksMax}");
        look.Parameters.Add(new() { Value = now });
        look.Parameters.Add(new() { Value = postponed });
        await using var reader = await look.ExecuteReaderAsync(ct);
        var due = new List<Guid>();
        while (await reader.ReadAsync(ct)) due.Add(reader.GetGuid(0));
        return due;
    }

    private static async Task<bool> TrueAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values) => await ScalarAsync(connection, sql, ct, values) is true;

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync(ct);
    }
}
