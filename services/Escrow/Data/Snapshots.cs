using Npgsql;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

/// <summary>
/// Keeps balances quick. When enough has been booked a cut is made, with the sums of the system accounts at it. Numbers are drawn when a
/// transfer is written, not when it is committed; so a cut waits until nobody is booking, and what comes later is booked at its moment or after.
/// </summary>
public sealed partial class Snapshots(NpgsqlDataSource database, TimeProvider clock, ILogger<Snapshots> log) : BackgroundService
{
    /// <summary>Transfers from one cut to the next.</summary>
    public const int CutEvery = 4_096;

    // Who has it makes the cuts; other instances pass.
    private const string MakerLock = "727002, 2";
    private const string Since = "select coalesce((select max(position) from transfer), 0) - coalesce((select max(position) from ledger_cut), 0)";
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _enough = new(0);
    private int _noted;

    /// <summary>So many more were booked here: no need to look for them.</summary>
    public void Note(int booked)
    {
        if (Interlocked.Add(ref _noted, booked) < CutEvery) return;
        Interlocked.Exchange(ref _noted, 0);
        _enough.Release();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await MakeAsync(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, e.GetType().Name); }
            await _enough.WaitAsync(Every, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Makes a cut and its snapshots if at least <paramref name="atLeast"/> transfers came since the last one, and nobody else is at it.</summary>
    public async Task<bool> MakeAsync(CancellationToken ct, int atLeast = CutEvery)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await AskAsync<long>(connection, Since, ct) < atLeast || !await AskAsync<bool>(connection, $"select pg_try_advisory_lock({MakerLock})", ct)) return false;
        try
        {
            if (await AskAsync<long>(connection, Since, ct) < atLeast) return false;
            var from = await AskAsync<long>(connection, "select coalesce(max(position), 0) from ledger_cut", ct);
            if (!await CutAsync(connection, from, ct)) return false;
            await CutWhatLiesBeforeAsync(connection, from, ct);
            var starts = await StartsAsync(connection, ct);
            foreach (var position in await ListAsync(connection, from, ct)) await SumAsync(connection, starts, position, ct);
            return true;
        }
        finally { await AskAsync<bool>(connection, $"select pg_advisory_unlock({MakerLock})", CancellationToken.None); }
    }

    // The lock is awaited only briefly: who comes to book waits behind it.
    private async Task<bool> CutAsync(NpgsqlConnection connection, long from, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try { await ExecuteAsync(connection, $"set local lock_timeout = '100ms'; select pg_advisory_xact_lock({Clerk.CutLock})", ct); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable) { return false; }
        await ExecuteAsync(connection, """
            insert into ledger_cut (position, moment)
            select max(position), greatest($2, max(booked_at), (select max(moment) from ledger_cut)) from transfer where position > $1 having count(*) > 0
            """, ct, from, clock.GetUtcNow().ToUniversalTime());
        await transaction.CommitAsync(ct);
        return true;
    }

    // Much that came at once, or before there were cuts: as many as there should have been, wherever time and position agree.
    private static Task CutWhatLiesBeforeAsync(NpgsqlConnection connection, long from, CancellationToken ct) => ExecuteAsync(connection, """
        with chunk as (
          select (position - $1 - 1) / $2 as n, max(position) as position, min(booked_at) as first, max(booked_at) as last
          from transfer where position > $1 and position <= (select max(position) from ledger_cut) group by 1),
        ordered as (
          select position, greatest(max(last) over (order by n), (select moment from ledger_cut where position = $1)) as before,
            min(first) over (order by n rows between 1 following and unbounded following) as after
          from chunk)
        insert into ledger_cut (position, moment) select position, before from ordered where before <= after on conflict do nothing
        """, ct, from, (long)CutEvery);

    private static async Task<List<long>> ListAsync(NpgsqlConnection connection, long from, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select position from ledger_cut where position > $1 order by position", connection) { Parameters = { new() { Value = from } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        var positions = new List<long>();
        while (await reader.ReadAsync(ct)) positions.Add(reader.GetInt64(0));
        return positions;
    }

    // Where an account's sums go on from: its last snapshot.
    private sealed record Start(Guid Account, long Position, long Debits, long Credits, long PendingDebits, long PendingCredits);

    private static async Task<Start[]> StartsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            select a.id, coalesce(s.position, 0), coalesce(s.debits, 0), coalesce(s.credits, 0), coalesce(s.pending_debits, 0), coalesce(s.pending_credits, 0)
            from account a left join lateral (select * from balance_snapshot s where s.account_id = a.id order by s.position desc limit 1) s on true
            where a.is_system order by a.id
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var starts = new List<Start>();
        while (await reader.ReadAsync(ct)) starts.Add(new Start(reader.GetGuid(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        return [.. starts];
    }

    // A statement an account, with its bounds as values: as unknowns of one statement they have made the planner read all positions, for seconds, for an account that rests.
    private static async Task SumAsync(NpgsqlConnection connection, Start[] starts, long position, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var s in starts)
        {
            var command = new NpgsqlBatchCommand("""
                insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
                select $1, $3, $4 + d.posted, $5 + c.posted, $6 + d.held, $7 + c.held
                from (select count(*) as n, coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
                  from transfer where debit_account = $1 and position > $2 and position <= $3) d
                cross join (select count(*) as n, coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
                  from transfer where credit_account = $1 and position > $2 and position <= $3) c
                where d.n + c.n > 0
                on conflict do nothing
                returning debits, credits, pending_debits, pending_credits
                """);
            foreach (var value in new object[] { s.Account, s.Position, position, s.Debits, s.Credits, s.PendingDebits, s.PendingCredits }) command.Parameters.Add(new() { Value = value });
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(ct);
        for (var i = 0; i < starts.Length; i++)
        {
            if (await reader.ReadAsync(ct)) starts[i] = new Start(starts[i].Account, position, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
            await reader.NextResultAsync(ct);
        }
    }

    private static async Task<T> AskAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "A snapshot of the books failed ({Kind}) and is tried again.")]
    private static partial void LogFailed(ILogger log, string kind);
}
