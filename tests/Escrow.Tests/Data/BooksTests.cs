using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Tests.Domain;

namespace Tendering.Escrow.Tests.Data;

public class BooksTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private enum Fault { None, RolledBack, Killed }

    private async Task OpenAsync(IReadOnlyCollection<Account> accounts)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await Books.OpenAsync(db, accounts, Now, default);
        await transaction.CommitAsync();
    }

    /// <summary>Books in a transaction of its own, which a fault may end after the booking and before the commit.</summary>
    private async Task<IReadOnlyList<Verdict>?> BookAsync(IReadOnlyList<Transfer> batch, Fault fault = Fault.None, DateTimeOffset? now = null)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Database.ExecuteSqlAsync($"set local synchronous_commit = off");
        var verdicts = await Books.BookAsync(db, batch, now ?? Now, default);
        if (fault == Fault.Killed) await Assert.ThrowsAnyAsync<NpgsqlException>(() => db.Database.ExecuteSqlAsync($"select pg_terminate_backend(pg_backend_pid())"));
        if (fault != Fault.None) return null;
        await transaction.CommitAsync();
        return verdicts;
    }

    private async Task<Dictionary<Guid, Balance>> SumsAsync(IReadOnlyList<Account> accounts) => await host.InDbAsync(async (EscrowDb db) =>
    {
        var ids = accounts.Select(a => a.Id).ToArray();
        var rows = await db.Database.SqlQuery<Row>($"""
            select account as "Account", debits as "Debits", credits as "Credits", pending_debits as "PendingDebits", pending_credits as "PendingCredits" from account_sum where account = any ({ids})
            """).ToListAsync();
        return accounts.ToDictionary(a => a.Id, a => rows.Find(r => r.Account == a.Id)?.Balance ?? default);
    });

    private sealed record Row(Guid Account, long Debits, long Credits, long PendingDebits, long PendingCredits)
    {
        public Balance Balance => new(Debits, Credits, PendingDebits, PendingCredits);
    }

    [Fact]
    public async Task The_database_answers_as_the_model_does_through_rollbacks_and_killed_connections()
    {
        var (batches, faults) = (0, 0);
        RandomTransfers.ForAll(200, steps => RunAsync(steps).GetAwaiter().GetResult());
        TestContext.Current.TestOutputHelper?.WriteLine($"{batches} batches, {faults} faults");
        Assert.True(batches > 1_000 && faults > 50);
        await host.BooksHoldAsync();

        async Task RunAsync(Step[] steps)
        {
            var random = new RandomTransfers();
            await OpenAsync([.. random.Accounts]);
            var model = new LedgerModel(random.Accounts);
            foreach (var (batch, last) in random.Batches(steps))
            {
                batches++;
                var fault = last.Fault % 64 == 1 ? Fault.Killed : last.Fault % 8 == 2 ? Fault.RolledBack : Fault.None;
                if (fault != Fault.None)
                {
                    faults++;
                    await BookAsync(batch, fault, random.Now);               // leaves nothing, so the client says it again
                    await ExpectAsync(model);
                }
                Assert.Equal(model.Apply(batch, random.Now), (await BookAsync(batch, now: random.Now))!.Select(v => v.Refusal));
                await ExpectAsync(model);
            }
        }
    }

    private async Task ExpectAsync(LedgerModel model)
    {
        var accounts = model.Accounts.ToList();
        var sums = await SumsAsync(accounts);
        Assert.All(accounts, a => Assert.Equal(model.BalanceOf(a.Id), sums[a.Id]));
        var running = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<Row>($"""
            select account_id as "Account", debits as "Debits", credits as "Credits", pending_debits as "PendingDebits", pending_credits as "PendingCredits"
            from balance where account_id = any ({accounts.Select(a => a.Id).ToArray()})
            """).ToListAsync());
        Assert.Equal(accounts.Count(a => !a.IsSystem), running.Count);
        Assert.All(running, r => Assert.Equal(sums[r.Account], r.Balance));
    }

    [Fact]
    public async Task Thirty_two_at_once_on_the_same_accounts_never_overdraw_and_never_lock_each_other_out()
    {
        var accounts = new RandomTransfers().Accounts;
        var (bank, held, a, b) = (accounts[0].Id, accounts[1].Id, accounts[3].Id, accounts[4].Id);
        await OpenAsync([.. accounts]);
        await BookAsync([Transfer.Of(Guid.CreateVersion7(), bank, a, 500, "fund", "r"), Transfer.Of(Guid.CreateVersion7(), bank, b, 500, "fund", "r")]);
        // Half of them in one direction, half in the other, some holding: more than there is.
        var work = Enumerable.Range(0, 32).Select(n => Task.Run(async () =>
        {
            var (from, to) = n % 2 == 0 ? (a, b) : (b, a);
            var booked = 0L;
            for (var i = 0; i < 15; i++)
            {
                var hold = Transfer.Pending(Guid.CreateVersion7(), from, held, 30, "hold", "r");
                var verdicts = (await BookAsync([Transfer.Of(Guid.CreateVersion7(), from, to, 7 + n, "move", "r"), hold, Transfer.Of(Guid.CreateVersion7(), to, from, n + 1, "move", "r").Linked(),
                    Transfer.Of(Guid.CreateVersion7(), bank, from, 1, "fund", "r")]))!;
                booked += verdicts.Count(v => v.IsBooked);
                if (verdicts[1].IsBooked) await BookAsync([i % 3 == 0 ? Transfer.Post(Guid.CreateVersion7(), hold.Id, 10, "post", "r") : Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r")]);
            }
            return booked;
        })).ToList();
        Assert.True((await Task.WhenAll(work)).Sum() > 32 * 15);
        var sums = await SumsAsync(accounts);
        Assert.All(sums.Values, s => Assert.Equal(0, s.PendingDebits + s.PendingCredits));
        Assert.All([sums[a], sums[b]], s => Assert.True(s.Debits <= s.Credits));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_same_transfer_thirty_two_times_at_once_is_booked_once()
    {
        var accounts = new RandomTransfers().Accounts;
        await OpenAsync([.. accounts]);
        var (bank, transit, a) = (accounts[0].Id, accounts[2].Id, accounts[3].Id);
        // Between a running and a system account, and between two system accounts, which have no row to lock.
        foreach (var transfer in new[] { Transfer.Of(Guid.CreateVersion7(), bank, a, 5, "fund", "r"), Transfer.Of(Guid.CreateVersion7(), bank, transit, 5, "fund", "r") })
        {
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => BookAsync([transfer]))));
            Assert.All(verdicts, v => Assert.True(v![0].IsBooked));
            Assert.Single(verdicts, v => !v![0].Repeated);
        }
        Assert.Equal(10, (await SumsAsync(accounts))[bank].Debits);
    }

    [Fact]
    public async Task A_hold_that_thirty_two_settle_at_once_is_settled_once()
    {
        var accounts = new RandomTransfers().Accounts;
        await OpenAsync([.. accounts]);
        var (bank, held, transit, a) = (accounts[0].Id, accounts[1].Id, accounts[2].Id, accounts[3].Id);
        await BookAsync([Transfer.Of(Guid.CreateVersion7(), bank, a, 100, "fund", "r")]);
        foreach (var hold in new[] { Transfer.Pending(Guid.CreateVersion7(), a, held, 40, "hold", "r"), Transfer.Pending(Guid.CreateVersion7(), transit, held, 40, "hold", "r") })
        {
            await BookAsync([hold]);
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 32).Select(n => Task.Run(() =>
                BookAsync([n % 2 == 0 ? Transfer.Post(Guid.CreateVersion7(), hold.Id, null, "post", "r") : Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r")]))));
            Assert.Single(verdicts, v => v![0].IsBooked);
            Assert.All(verdicts.Where(v => !v![0].IsBooked), v => Assert.Contains(v![0].Refusal, new[] { Refusals.PendingPosted, Refusals.PendingVoided }));
        }
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_batch_of_thousands_is_a_handful_of_statements()
    {
        var accounts = Enumerable.Range(0, 1_000).Select(n => Chart.SubAccount(Guid.CreateVersion7(), $"batch-{Guid.NewGuid():N}", "CNY")).ToList();
        await OpenAsync([.. accounts, .. Chart.SystemAccounts("CNY")]);
        var bank = Chart.IdOf(SystemAccount.Suspense, "CNY");
        var start = Stopwatch.GetTimestamp();
        var verdicts = await BookAsync([.. accounts.SelectMany(a => Enumerable.Range(0, 5).Select(_ => Transfer.Of(Guid.CreateVersion7(), bank, a.Id, 1, "fund", "r")))]);
        Assert.Equal(5_000, verdicts!.Count(v => v.IsBooked));
        TestContext.Current.TestOutputHelper?.WriteLine($"5000 transfers in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        // Undone by further transfers: the suspense account is empty again.
        await BookAsync([.. accounts.Select(a => Transfer.Of(Guid.CreateVersion7(), a.Id, bank, 5, "back", "r"))]);
    }

    [Fact]
    public async Task An_id_that_is_taken_on_other_accounts_at_the_same_moment_is_booked_once_and_refused_by_name_afterwards()
    {
        var accounts = new RandomTransfers().Accounts;
        await OpenAsync([.. accounts]);
        var id = Guid.CreateVersion7();
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        await using var first = await db.Database.BeginTransactionAsync();
        await Books.BookAsync(db, [Transfer.Of(id, accounts[0].Id, accounts[3].Id, 5, "fund", "r")], Now, default);
        var other = Transfer.Of(id, accounts[0].Id, accounts[4].Id, 5, "fund", "r");
        var second = Task.Run(() => BookAsync([other]));
        await Testing.ServiceFixture.EventuallyAsync(() => host.InDbAsync((EscrowDb other) => other.Database.SqlQuery<bool>(
            $"""select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as "Value" """).SingleAsync()), "the second to wait");
        await first.CommitAsync();
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => second);
        Assert.Equal(Refusals.ExistsOtherCredit, (await BookAsync([other]))![0].Refusal);
        Assert.Equal(default, (await SumsAsync(accounts))[accounts[4].Id]);
    }

    public static TheoryData<string> Changes =>
    [
        "update transfer set amount = 1", "delete from transfer", "truncate transfer", "update account set name = 'x'", "delete from account", "truncate account",
        "update ledger_cut set moment = now()", "delete from ledger_cut", "truncate ledger_cut",
        "update balance_snapshot set debits = 1", "delete from balance_snapshot", "truncate balance_snapshot", "update bank_entry set amount = 1", "delete from bank_entry", "truncate bank_entry",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_is_booked_cannot_be_changed_by_the_service_nor_by_the_owner(string sql)
    {
        var accounts = new RandomTransfers().Accounts;
        await OpenAsync([.. accounts]);
        await BookAsync([Transfer.Of(Guid.CreateVersion7(), accounts[0].Id, accounts[3].Id, 5, "fund", "r")]);
        var lot = await host.PublishAsync();
        await host.SecureAsync(lot);
        await host.Services.GetRequiredService<Snapshots>().MakeAsync(default, atLeast: 1);
        Assert.Equal("42501", await StateOfAsync(host.ConnectionString, sql));                      // no privilege
        Assert.Equal("23001", await StateOfAsync(OwnerOf(host.ConnectionString), sql));             // append-only
    }

    [Fact]
    public async Task The_database_itself_refuses_an_overdraft_and_a_second_settlement()
    {
        var accounts = new RandomTransfers().Accounts;
        await OpenAsync([.. accounts]);
        Assert.Equal("23514", await StateOfAsync(host.ConnectionString, $"update balance set debits = 1 where account_id = '{accounts[3].Id}'"));
        var hold = Transfer.Pending(Guid.CreateVersion7(), accounts[0].Id, accounts[1].Id, 5, "hold", "r");
        await BookAsync([hold, Transfer.Void(Guid.CreateVersion7(), hold.Id, "void", "r")]);
        Assert.Equal("23505", await StateOfAsync(host.ConnectionString, $"""
            insert into transfer (id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference, booked_at)
            select gen_random_uuid(), chain, 'Post', debit_account, credit_account, amount, amount, -amount, currency, id, code, reference, booked_at from transfer where id = '{hold.Id}'
            """));
    }

    private static string OwnerOf(string connection) => new NpgsqlConnectionStringBuilder(Testing.Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(connection).Database }.ConnectionString;

    private static async Task<string?> StateOfAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        return (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    }
}
