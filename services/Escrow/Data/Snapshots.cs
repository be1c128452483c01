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
            foreach (var position in await ListAsync(connection, from, ct)) await SumAsync(connection, position, ct);
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

    private static Task SumAsync(NpgsqlConnection connection, long position, CancellationToken ct) => ExecuteAsync(connection, """
        insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
        select a.id, $1, coalesce(s.debits, 0) + d.posted, coalesce(s.credits, 0) + c.posted, coalesce(s.pending_debits, 0) + d.held, coalesce(s.pending_credits, 0) + c.held
        from account a
        left join lateral (select * from balance_snapshot s where s.account_id = a.id and s.position < $1 order by s.position desc limit 1) s on true
        cross join lateral (select count(*) as n, coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where debit_account = a.id and position > coalesce(s.position, 0) and position <= $1) d
        cross join lateral (select count(*) as n, coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where credit_account = a.id and position > coalesce(s.position, 0) and position <= $1) c
        where a.is_system and d.n + c.n > 0
        on conflict do nothing
        """, ct, position);

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
