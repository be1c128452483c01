using Npgsql;
using NpgsqlTypes;

namespace Tendering.Bidding.Data;

/// <summary>An upload's writer was too slow, or another instance has taken over: what it has not committed counts for nothing.</summary>
public sealed class HoldLostException() : IOException("The upload is written by somebody else meanwhile.");

/// <summary>
/// One writer an upload, whichever instance it calls: its name stands in the row with a time by the database's clock, renewed while it writes. A writer that dies lets the
/// next one in after that time; one that only seemed dead notices before it stores or commits anything: it asks the row each time, since the clock of a machine that stood
/// still shows nothing of it.
/// </summary>
public sealed class UploadHold : IAsyncDisposable
{
    public static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(15), RenewAfter = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly Guid _upload, _holder;
    private bool _released;

    private UploadHold(NpgsqlDataSource database, Guid upload, Guid holder, long received) => (_database, _upload, _holder, Received) = (database, upload, holder, received);

    /// <summary>Bytes received when the hold was taken.</summary>
    public long Received { get; }

    /// <summary>The hold, or null while another writer has it.</summary>
    public static async Task<UploadHold?> TakeAsync(NpgsqlDataSource database, Guid upload, CancellationToken ct)
    {
        var holder = Guid.NewGuid();
        await using var command = database.CreateCommand(
            "update upload set holder = $2, held_until = clock_timestamp() + $3 where id = $1 and removed_at is null and (held_until is null or held_until < clock_timestamp()) returning received");
        Add(command, upload, holder, HeldFor);
        return await command.ExecuteScalarAsync(ct) is long received ? new UploadHold(database, upload, holder, received) : null;
    }

    /// <summary>Before anything is stored: the hold is still ours and the upload is not removed. One short question to the database.</summary>
    public async Task KeepAsync(CancellationToken ct)
    {
        await using var command = _database.CreateCommand("update upload set held_until = clock_timestamp() + $3 where id = $1 and holder = $2 and removed_at is null");
        Add(command, _upload, _holder, HeldFor);
        if (await command.ExecuteNonQueryAsync(ct) == 0) throw new HoldLostException();
    }

    /// <summary>The hashes of all blocks that are complete so far.</summary>
    public async Task<List<byte[]>> HashesAsync(CancellationToken ct)
    {
        await using var command = _database.CreateCommand("select sha256 from upload_block where upload_id = $1 order by number");
        Add(command, _upload);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var hashes = new List<byte[]>();
        while (await reader.ReadAsync(ct)) hashes.Add(reader.GetFieldValue<byte[]>(0));
        return hashes;
    }

    /// <summary>Moves the offset on: what lies before it is on disk. Hashes are those of the blocks from number <paramref name="first"/> on.</summary>
    public async Task CommitAsync(long received, int first, IReadOnlyList<byte[]> hashes, string? digest, DateTimeOffset dueAt, bool release, CancellationToken ct)
    {
        await using var command = _database.CreateCommand("""
            with moved as (
              update upload set received = $3, digest = $4, next_due_at = $5, held_until = case when $6 then null else clock_timestamp() + $7 end, holder = case when $6 then null else holder end
              where id = $1 and holder = $2 and removed_at is null and received <= $3 returning id)
            , hashed as (insert into upload_block (upload_id, number, sha256) select moved.id, ($8 + n - 1)::int, sha256 from moved, unnest($9) with ordinality as h (sha256, n))
            select count(*) from moved
            """);
        Add(command, _upload, _holder, received, new NpgsqlParameter { Value = (object?)digest ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }, dueAt.ToUniversalTime(), release, HeldFor, (long)first,
            new NpgsqlParameter { Value = hashes.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        if ((long)(await command.ExecuteScalarAsync(ct))! == 0) throw new HoldLostException();
        _released = release;
    }

    public async ValueTask DisposeAsync()
    {
        if (_released) return;
        await using var command = _database.CreateCommand("update upload set holder = null, held_until = null where id = $1 and holder = $2");
        Add(command, _upload, _holder);
        // Where even this fails, the time in the row lets the next one in.
        try { await command.ExecuteNonQueryAsync(); }
        catch (NpgsqlException) { }
    }

    private static void Add(NpgsqlCommand command, params object[] values)
    {
        foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
    }
}
