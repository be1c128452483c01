using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests;
using Tendering.ServiceDefaults;

namespace Tendering.Benchmarks;

/// <summary>
/// The ledger on the server given, with commits as in production, on books that hold millions of transfers already: transfers a second through the service's own
/// batcher, beside single-row inserts with commit at the same concurrency and beside COPY, into tables with the same columns, checks and indexes.
/// </summary>
internal static class LedgerBench
{
    private const int Accounts = 10_000, CopiedRows = 100_000, Refunds = 10_000, Days = 400;
    private static readonly int[] Callers = [1, 8, 32, 128];

    public static async Task RunAsync(string postgres)
    {
        var (size, rounds, seconds) = (Setting("LEDGER_TRANSFERS", 10_000_000), Setting("LEDGER_ROUNDS", 3), Setting("LEDGER_SECONDS", 3));
        var run = Guid.NewGuid().ToString("N")[..8];
        var service = new NpgsqlConnectionStringBuilder(postgres) { Database = $"bench_{run}", Username = $"bench_{run}", Password = run, MaxPoolSize = 160 }.ConnectionString;
        await Migrator.MigrateAsync(postgres, service, typeof(EscrowDb).Assembly, default);
        await using var admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Database = $"bench_{run}", MaxPoolSize = 160, CommandTimeout = 0, MaxAutoPrepare = 20, Options = "-c maintenance_work_mem=512MB" }.ConnectionString);
        try
        {
            await using var database = NpgsqlDataSource.Create(service);
            using var snapshots = new Snapshots(database, TimeProvider.System, NullLogger<Snapshots>.Instance);
            using var batcher = new Batcher(database, snapshots, TimeProvider.System, NullLogger<Batcher>.Instance);
            var accounts = Enumerable.Range(0, Accounts).Select(n => DerivedId.Of($"bench:{n}")).ToArray();
            await FillAsync(admin, database, service, accounts, size);
            await snapshots.StartAsync(default);
            await batcher.StartAsync(default);
            await ThroughputAsync(admin, batcher, accounts, rounds, TimeSpan.FromSeconds(seconds));
            Figures.Figure("ledger_transfers", await AskAsync<long>(admin, "select count(*) from transfer"), "transfers");
            await BalancesAsync(service, accounts);
            await MemoryAsync(service);
            await RefundsAsync(service);
            await batcher.StopAsync(default);
            await snapshots.StopAsync(default);
        }
        finally { await DropAsync(postgres, run); }
    }

    private sealed class ClockOfThen : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;

    // As the years would have left them: one transfer after the other from the bank to sub-accounts, over four hundred days. Indexes and cuts are made when all are there.
    private static async Task FillAsync(NpgsqlDataSource admin, NpgsqlDataSource database, string service, Guid[] accounts, int size)
    {
        var now = TimeProvider.System.GetUtcNow();
        var clock = new ClockOfThen();
        using var snapshots = new Snapshots(database, clock, NullLogger<Snapshots>.Instance);
        await using (var db = ManyDeposits.Open(service))
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await Books.OpenAsync(db, [.. Chart.SystemAccounts("CNY"), .. accounts.Select((id, n) => Chart.SubAccount(id, $"bench {n}", "CNY"))], now.AddDays(-Days), default);
            await transaction.CommitAsync();
        }
        var start = Stopwatch.GetTimestamp();
        const int Step = 250_000;
        var indexes = await IndexesAsync(admin);
        foreach (var (drop, _) in indexes) await ExecuteAsync(admin, drop);
        for (var from = 0; from < size; from += Step)
        {
            await ExecuteAsync(admin, """
                insert into transfer (id, chain, kind, debit_account, credit_account, amount, posted, held, currency, code, reference, booked_at)
                select id, id, 'Transfer', $1, ($2::uuid[])[1 + n % array_length($2::uuid[], 1)], 1000000, 1000000, 0, 'CNY', 'payment-received', 'B' || n, $3 + n * ($4 / $5::bigint)
                from (select n, lpad(to_hex(n), 32, '0')::uuid as id from generate_series($6, $7 - 1) n) rows
                """, Chart.IdOf(SystemAccount.Bank, "CNY"), accounts, now.AddDays(-Days).UtcDateTime, TimeSpan.FromDays(Days - 1), (long)size, (long)from, (long)Math.Min(size, from + Step));
        }
        foreach (var (_, create) in indexes) await ExecuteAsync(admin, create);
        await ExecuteAsync(admin, "vacuum analyze transfer");
        clock.Now = now.AddDays(-1);
        await snapshots.MakeAsync(default, atLeast: 1);
        await ExecuteAsync(admin, """
            update balance b set credits = s.credits, transfers = s.n from (select credit_account, sum(posted)::bigint as credits, count(*) as n from transfer group by 1) s where s.credit_account = b.account_id
            """);
        foreach (var table in new[] { "balance", "ledger_cut", "balance_snapshot", "account" }) await ExecuteAsync(admin, $"vacuum analyze {table}");
        await ExecuteAsync(admin, "checkpoint");
        Console.WriteLine($"{size} transfers were there before, laid in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
    }

    private static async Task<List<(string Drop, string Create)>> IndexesAsync(NpgsqlDataSource admin)
    {
        await using var command = admin.CreateCommand("""
            select 'alter table transfer drop constraint ' || conname, 'alter table transfer add constraint ' || conname || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where conrelid = 'transfer'::regclass and contype in ('p', 'u')
            union all select 'drop index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
            from pg_index i where i.indrelid = 'transfer'::regclass and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var indexes = new List<(string, string)>();
        while (await reader.ReadAsync()) indexes.Add((reader.GetString(0), reader.GetString(1)));
        return indexes;
    }

    private static async Task ThroughputAsync(NpgsqlDataSource admin, Batcher batcher, Guid[] accounts, int rounds, TimeSpan time)
    {
        await ExecuteAsync(admin, "create table bench_bare (like transfer including all); create table bench_copy (like transfer including all)");
        var (rates, times, copies) = (new Dictionary<string, List<double>>(), new List<double>(), new List<(double Books, double Empty)>());
        async Task<Verdict> Book(Guid debit, Guid credit) => (await batcher.BookAsync([Transfer.Of(Guid.CreateVersion7(), debit, credit, 1, "move", "bench")]))[0];
        Guid Any() => accounts[Random.Shared.Next(1, accounts.Length)];
        Task Hot() => Require(Book(accounts[0], Any()));
        Task Cold()
        {
            Guid debit = Any(), credit = Any();
            return Require(Book(debit, credit == debit ? accounts[0] : credit));
        }
        // A first turn that does not count, then all of them in turn, so that what else the machine does meets all alike.
        for (var round = 0; round <= rounds; round++)
        {
            copies.Add((await CopyIntoBooksAsync(admin, accounts), await CopyAsync(admin, "bench_copy", accounts)));
            await ExecuteAsync(admin, "truncate bench_copy");
            foreach (var callers in Callers)
                foreach (var (name, work) in new (string, Func<Task>)[] { ("bare", () => InsertAsync(admin, Any(), Any())), ("hot", Hot), ("cold", Cold) })
                {
                    var taken = new List<double>();
                    var rate = await RateAsync(callers, round == 0 ? time / 3 : time, work, taken);
                    if (round == 0) continue;
                    if (!rates.TryGetValue($"{name}{callers}", out var known)) rates[$"{name}{callers}"] = known = [];
                    known.Add(rate);
                    if (callers == 32 && name != "bare") times.AddRange(taken);
                }
        }
        double Of(string name) => rates[name].Order().ElementAt(rates[name].Count / 2);
        foreach (var name in rates.Keys) Figures.Figure(name, Of(name), "transfers/s");
        copies.RemoveAt(0);
        var copy = copies.Select(c => c.Books).Order().ElementAt(copies.Count / 2);
        Figures.Figure("copy", copy, "transfers/s");
        Figures.Figure("copy_into_empty", copies.Select(c => c.Empty).Order().ElementAt(copies.Count / 2), "transfers/s");
        times.Sort();
        Figures.Figure("booking_p50_at_32", Figures.Percentile(times, 0.5), "ms");
        Figures.Figure("booking_p99_at_32", Figures.Percentile(times, 0.99), "ms");
        Figures.Ratio("hot32_per_bare32", Of("hot32") / Of("bare32"));
        Figures.Ratio("hot32_per_cold32", Of("hot32") / Of("cold32"));
        Figures.Ratio("hot128_per_hot32", Of("hot128") / Of("hot32"));
        Figures.Ratio("hot128_per_copy", Of("hot128") / copy);

        static async Task Require(Task<Verdict> booking)
        {
            if ((await booking) is { IsBooked: false } refused) throw new InvalidOperationException($"The bench's own transfer was refused: {refused.Refusal}.");
        }
    }

    // As many callers as there are, each going on with the next at once.
    private static async Task<double> RateAsync(int callers, TimeSpan time, Func<Task> work, List<double> taken)
    {
        var (start, gate) = (Stopwatch.GetTimestamp(), new Lock());
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var mine = new List<double>();
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                var begun = Stopwatch.GetTimestamp();
                await work();
                mine.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
            lock (gate) taken.AddRange(mine);
        })));
        return taken.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private const string CutLock = "727002, 1";        // who books shares it: no cut is made meanwhile
    private const string Columns = "id, chain, kind, debit_account, credit_account, amount, posted, held, currency, code, reference, linked, time_out, booked_at";

    private static async Task InsertAsync(NpgsqlDataSource database, Guid debit, Guid credit)
    {
        var id = Guid.CreateVersion7();
        await using var insert = database.CreateCommand($"insert into bench_bare ({Columns}) values ($1, $1, 'Transfer', $2, $3, 1, 1, 0, 'CNY', 'move', 'bench', false, 0, now())");
        foreach (var value in new[] { id, debit, credit == debit ? Guid.Empty : credit }) insert.Parameters.Add(new() { Value = value });
        await insert.ExecuteNonQueryAsync();
    }

    // The ceiling: the same rows into the books themselves, whose indexes are as deep as the batcher finds them; without triggers, and with the running rows left for afterwards.
    private static async Task<double> CopyIntoBooksAsync(NpgsqlDataSource admin, Guid[] accounts)
    {
        var before = await AskAsync<long>(admin, "select max(position) from transfer");
        var rate = await CopyAsync(admin, "transfer", accounts);
        await ExecuteAsync(admin, """
            update balance b set debits = b.debits + s.debits, credits = b.credits + s.credits, transfers = b.transfers + s.n
            from (select account, sum(debit)::bigint as debits, sum(credit)::bigint as credits, count(*) as n
                  from transfer cross join lateral (values (debit_account, posted, 0), (credit_account, 0, posted)) side (account, debit, credit) where position > $1 group by account) s
            where s.account = b.account_id
            """, before);
        return rate;
    }

    private static async Task<double> CopyAsync(NpgsqlDataSource admin, string table, Guid[] accounts)
    {
        await using var connection = await admin.OpenConnectionAsync();
        var (start, now) = (Stopwatch.GetTimestamp(), TimeProvider.System.GetUtcNow().UtcDateTime);
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var begin = new NpgsqlCommand($"set local session_replication_role = replica; select pg_advisory_xact_lock_shared({CutLock})", connection)) await begin.ExecuteNonQueryAsync();
        await using (var copy = await connection.BeginBinaryImportAsync($"copy {table} ({Columns}) from stdin (format binary)"))
        {
            for (var n = 0; n < CopiedRows; n++)
            {
                var id = Guid.CreateVersion7();
                await copy.StartRowAsync();
                foreach (var value in new[] { id, id }) await copy.WriteAsync(value, NpgsqlDbType.Uuid);
                await copy.WriteAsync("Transfer", NpgsqlDbType.Text);
                foreach (var value in new[] { accounts[0], accounts[1 + Random.Shared.Next(accounts.Length - 1)] }) await copy.WriteAsync(value, NpgsqlDbType.Uuid);
                foreach (var value in new[] { 1L, 1L, 0L }) await copy.WriteAsync(value, NpgsqlDbType.Bigint);
                foreach (var value in new[] { "CNY", "move", "bench" }) await copy.WriteAsync(value, NpgsqlDbType.Text);
                await copy.WriteAsync(false, NpgsqlDbType.Boolean);
                await copy.WriteAsync(0, NpgsqlDbType.Integer);
                await copy.WriteAsync(now, NpgsqlDbType.TimestampTz);
            }
            await copy.CompleteAsync();
        }
        await transaction.CommitAsync();
        return CopiedRows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The slowest five of five hundred each left out, of the bank's account and of sub-accounts; days and accounts are drawn at random.
    private static async Task BalancesAsync(string service, Guid[] accounts)
    {
        await using var db = ManyDeposits.Open(service);
        var (bank, now) = (Chart.IdOf(SystemAccount.Bank, "CNY"), TimeProvider.System.GetUtcNow());
        foreach (var (name, pick) in new (string, Func<Guid>)[] { ("system", () => bank), ("hot_sub", () => accounts[0]), ("sub", () => accounts[Random.Shared.Next(accounts.Length)]) })
        {
            Figures.Figure($"balance_now_{name}_p99", await P99Async(() => Balances.NowAsync(db, [pick()], default)), "ms");
            Figures.Figure($"balance_past_day_{name}_p99", await P99Async(() => Balances.AsOfAsync(db, [pick()], now.Date.AddDays(-Random.Shared.Next(Days)), default)), "ms");
        }
    }

    private static async Task<double> P99Async(Func<Task> ask)
    {
        for (var n = 0; n < 100; n++) await ask();      // so that it is compiled
        var times = new List<double>();
        for (var n = 0; n < 500; n++)
        {
            var start = Stopwatch.GetTimestamp();
            await ask();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        return Figures.Percentile(times, 0.99);
    }

    // The service itself on these books, from its start through its check of all of them; the most it had in half a minute.
    private static async Task MemoryAsync(string service)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", Path.Combine(AppContext.BaseDirectory, "Tendering.Escrow.dll") }) start.ArgumentList.Add(argument);
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development", ["urls"] = "http://127.0.0.1:0", ["ConnectionStrings__escrow"] = service, ["Bus__Prefix"] = "bench" + Guid.NewGuid().ToString("N")[..8],
            ["Keys__Master"] = Convert.ToBase64String(new byte[32]), ["Storage__Folder"] = Path.GetTempPath(), ["Identity__Authority"] = "http://127.0.0.1:1", ["Logging__LogLevel__Default"] = "Warning",
        }) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var most = 0L;
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30); await Task.Delay(200))
        {
            process.Refresh();
            if (process.HasExited) throw new InvalidOperationException("The service ended at its start: is TENDERING_RABBIT set?");
            most = Math.Max(most, process.WorkingSet64);
        }
        process.Kill();
        await process.WaitForExitAsync();
        Figures.Figure("service_memory", most / 1024d / 1024d, "MiB");
    }

    private static async Task RefundsAsync(string service)
    {
        var now = TimeProvider.System.GetUtcNow();
        var lot = await ManyDeposits.SeedAsync(service, Refunds, now);
        var start = Stopwatch.GetTimestamp();
        await InTransactionAsync(async db =>
        {
            await db.LockLotAsync(lot.Id, default);
            await RunRefunds.StartAsync(db, await db.Lots.SingleAsync(l => l.Id == lot.Id), Release.Failed(now), RunRefunds.Whose.All, null, now, default);
        });
        await using var look = ManyDeposits.Open(service);
        var run = await look.RefundRuns.AsNoTracking().SingleAsync(r => r.LotId == lot.Id);
        while (run.Stage == RefundRunStage.Running)
        {
            await InTransactionAsync(db => RunRefunds.Handle(run.Id, db, null!, now, default));
            run = await look.RefundRuns.AsNoTracking().SingleAsync(r => r.Id == run.Id);
        }
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var ordered = await look.PaymentOrders.CountAsync(o => o.Reason == "refund");
        if (ordered < Refunds) throw new InvalidOperationException($"The run ordered {ordered} refunds of {Refunds}.");
        Figures.Figure("refund_run_10000", elapsed, "s");

        async Task InTransactionAsync(Func<EscrowDb, Task> work)
        {
            await using var db = ManyDeposits.Open(service);
            await using var transaction = await db.Database.BeginTransactionAsync();
            await work(db);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<T> AskAsync<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private static async Task DropAsync(string postgres, string run)
    {
        NpgsqlConnection.ClearAllPools();
        await using var server = NpgsqlDataSource.Create(postgres);
        foreach (var sql in new[] { $"drop database if exists bench_{run} with (force)", $"drop role if exists bench_{run}", $"drop role if exists bench_{run}_owner" }) await ExecuteAsync(server, sql);
    }
}
