using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Tests.Domain;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Data;

public class BatcherTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private readonly IReadOnlyList<Account> _accounts = new RandomTransfers().Accounts;

    private Batcher Batcher => host.Services.GetRequiredService<Batcher>();
    private Guid Bank => _accounts[0].Id;
    private Guid Held => _accounts[1].Id;
    private Guid A => _accounts[3].Id;
    private Guid B => _accounts[4].Id;

    private Task<bool> OpenAsync() => host.InDbAsync(async (EscrowDb db) =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        await Books.OpenAsync(db, [.. _accounts], host.Clock.GetUtcNow(), default);
        await transaction.CommitAsync();
        return true;
    });

    private async Task<Balance> BalanceAsync(Guid account) => (await host.InDbAsync((EscrowDb db) => Balances.NowAsync(db, [account], default)))[account];

    private static Transfer Of(Guid debit, Guid credit, long amount) => Transfer.Of(Guid.CreateVersion7(), debit, credit, amount, "move", "r");

    private async Task<Verdict> OneAsync(Transfer transfer) => (await Batcher.BookAsync([transfer]))[0];

    /// <summary>Holds the row of an account, so that whoever books on it waits.</summary>
    private async Task<NpgsqlConnection> HoldAsync(Guid account)
    {
        var connection = await host.Services.GetRequiredKeyedService<NpgsqlDataSource>(EscrowService.Name).OpenConnectionAsync();
        await using var hold = new NpgsqlCommand($"begin; select 1 from balance where account_id = '{account}' for update", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    private Task WaitsAsync() => ServiceFixture.EventuallyAsync(() => host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<bool>(
        $"""select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as "Value" """).SingleAsync()), "somebody to wait");

    private Task<long> TransactionsAsync(IEnumerable<Guid> ids) => host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<long>(
        $"""select count(distinct xmin::text) as "Value" from transfer where id = any ({ids.ToArray()})""").SingleAsync());

    [Fact]
    public async Task What_comes_while_a_batch_is_booked_is_booked_together_and_each_gets_its_own_answer()
    {
        await OpenAsync();
        await OneAsync(Of(Bank, A, 100));
        var hold = await HoldAsync(A);
        var first = OneAsync(Of(A, B, 1));
        await WaitsAsync();
        var good = Enumerable.Range(1, 20).Select(_ => Of(A, B, 4)).ToList();
        var bad = new[] { Of(A, B, 1_000), Of(A, Guid.CreateVersion7(), 1), Of(A, B, -1), Of(A, B, 1) with { Code = "\0" }, good[3] with { Amount = 5 } };
        var asked = good.Concat(bad).Append(good[0]).Select(OneAsync).ToList();
        // A chain that one request leaves open is its own fault; its neighbour is not drawn in.
        var open = Batcher.BookAsync([Of(A, B, 1).Linked()]);
        var neighbour = OneAsync(Of(Bank, A, 1));
        await using (hold) { }
        Assert.True((await first).IsBooked);
        var verdicts = await Task.WhenAll(asked);
        Assert.All(verdicts[..20], v => Assert.True(v is { IsBooked: true, Repeated: false }));
        Assert.Equal([Refusals.ExceedsCredits, Refusals.CreditAccountNotFound, Refusals.AmountRange, Refusals.TextUnstorable, Refusals.ExistsOtherAmount], verdicts[20..25].Select(v => v.Refusal));
        Assert.True(verdicts[25] is { IsBooked: true, Repeated: true });
        Assert.Equal(Refusals.LinkedOpen, (await open)[0].Refusal);
        Assert.True((await neighbour).IsBooked);
        Assert.Equal(1, await TransactionsAsync(good.Select(t => t.Id)));
        Assert.Equal(new Balance(81, 101, 0, 0), await BalanceAsync(A));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task When_too_many_wait_the_rest_is_told_so_and_nothing_of_it_is_booked()
    {
        await OpenAsync();
        var hold = await HoldAsync(A);
        var first = OneAsync(Of(Bank, A, 1));
        await WaitsAsync();
        var waiting = new List<Task<IReadOnlyList<Verdict>>>();
        for (var n = 0; n < Batcher.QueueMax / Batcher.RequestMax; n++) waiting.Add(Batcher.BookAsync([.. Enumerable.Range(0, Batcher.RequestMax).Select(_ => Of(Bank, A, 1))]));
        var refused = Of(Bank, A, 1);
        var busy = await Assert.ThrowsAsync<BusyException>(() => OneAsync(refused));
        Assert.Equal("ledger-busy", busy.Code);
        await using (hold) { }
        Assert.All(await Task.WhenAll(waiting), v => Assert.All(v, one => Assert.True(one.IsBooked)));
        Assert.True((await first).IsBooked);
        Assert.Equal(Batcher.QueueMax + 1, (await BalanceAsync(A)).Credits);
        Assert.False((await OneAsync(refused)).Repeated);
    }

    [Fact]
    public async Task A_caller_who_gives_up_before_its_turn_has_booked_nothing()
    {
        await OpenAsync();
        var hold = await HoldAsync(A);
        var first = OneAsync(Of(Bank, A, 1));
        await WaitsAsync();
        using var giveUp = new CancellationTokenSource();
        var transfer = Of(Bank, A, 5);
        var waiting = Batcher.BookAsync([transfer], giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await using (hold) { }
        Assert.True((await first).IsBooked);
        Assert.False((await OneAsync(transfer)).Repeated);
    }

    [Fact]
    public async Task An_id_that_another_instance_takes_at_the_same_moment_is_answered_by_name()
    {
        await OpenAsync();
        var id = Guid.CreateVersion7();
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        await using var other = await db.Database.BeginTransactionAsync();
        await Books.BookAsync(db, [Transfer.Of(id, Bank, A, 5, "move", "r")], host.Clock.GetUtcNow(), default);
        var mine = OneAsync(Transfer.Of(id, Bank, B, 5, "move", "r"));
        await WaitsAsync();
        await other.CommitAsync();
        Assert.Equal(Refusals.ExistsOtherCredit, (await mine).Refusal);
    }

    [Fact]
    public async Task What_is_remembered_of_an_account_is_not_believed_when_another_has_booked_on_it()
    {
        await OpenAsync();
        await OneAsync(Of(Bank, A, 100));
        await OneAsync(Of(A, B, 1));          // by memory from here on
        Assert.True((await OneAsync(Of(A, B, 1))).IsBooked);
        await host.InDbAsync(async (EscrowDb db) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await Books.BookAllAsync(db, [Of(A, B, 90)], host.Clock.GetUtcNow(), default);
            await transaction.CommitAsync();
            return true;
        });
        Assert.Equal(Refusals.ExceedsCredits, (await OneAsync(Of(A, B, 9))).Refusal);
        Assert.True((await OneAsync(Of(Bank, B, 1))).IsBooked);
        Assert.Equal(new Balance(92, 100, 0, 0), await BalanceAsync(A));
        Assert.Equal(new Balance(0, 93, 0, 0), await BalanceAsync(B));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_repeat_is_known_for_one_also_where_its_accounts_are_remembered()
    {
        await OpenAsync();
        await OneAsync(Of(Bank, A, 10));
        var all = Of(A, B, 10);
        Assert.True((await OneAsync(all)) is { IsBooked: true, Repeated: false });
        Assert.True((await OneAsync(all)) is { IsBooked: true, Repeated: true });      // there is no money for it any more
        var more = Of(Bank, A, 5);
        Assert.True((await OneAsync(more)) is { IsBooked: true, Repeated: false });
        Assert.True((await OneAsync(more)) is { IsBooked: true, Repeated: true });
        Assert.Equal(Refusals.ExistsOtherAmount, (await OneAsync(more with { Amount = 6 })).Refusal);
        Assert.Equal(new Balance(10, 15, 0, 0), await BalanceAsync(A));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Connections_that_are_killed_in_the_middle_lose_nothing_and_book_nothing_twice()
    {
        await OpenAsync();
        var killing = KillAsync(12);
        var booked = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(async () =>
        {
            var count = 0;
            while (!killing.IsCompleted || count < 20)
            {
                var transfer = Of(Bank, n % 2 == 0 ? A : B, 1);
                // As any client does: the same again until there is an answer.
                while (await AnswerAsync(transfer) is not { IsBooked: true }) { }
                count++;
            }
            return count;
        })));
        await killing;
        Assert.Equal(booked.Sum(), (await BalanceAsync(A)).Credits + (await BalanceAsync(B)).Credits);
        Assert.Equal(booked.Sum(), (await BalanceAsync(Bank)).Debits);
        await host.BooksHoldAsync();

        async Task<Verdict?> AnswerAsync(Transfer transfer)
        {
            try { return await OneAsync(transfer); }
            catch (Exception e) when (ProblemHandler.IsDatabaseAway(e)) { return null; }
        }
    }

    // Whatever the batcher is at: asleep between batches, reading, writing, committing.
    private async Task KillAsync(int times)
    {
        await using var server = NpgsqlDataSource.Create(Servers.Postgres);
        for (var user = new NpgsqlConnectionStringBuilder(host.ConnectionString).Username; times > 0;)
        {
            await using var kill = server.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = $1 and query ~ 'ledger_cut|balance|commit'");
            kill.Parameters.Add(new() { Value = user });
            times -= (int)(long)(await kill.ExecuteScalarAsync())!;
            await Task.Delay(Random.Shared.Next(20, 100));
        }
    }

    [Fact]
    public async Task Two_batchers_on_the_same_accounts_share_them()
    {
        await OpenAsync();
        await OneAsync(Of(Bank, A, 1_000));
        using var second = new Batcher(host.Services.GetRequiredKeyedService<NpgsqlDataSource>(EscrowService.Name), host.Services.GetRequiredService<Snapshots>(), host.Clock, NullLogger<Batcher>.Instance);
        await second.StartAsync(default);
        // Each asks for the same transfers, so that every id is taken by one and known to the other; more than there is.
        var transfers = Enumerable.Range(0, 400).Select(n => n % 2 == 0 ? Of(A, B, 7) : Of(B, A, 2)).ToList();
        var answers = await Task.WhenAll(transfers.SelectMany(t => new[] { OneAsync(t), BySecondAsync(t) }));
        await second.StopAsync(default);
        var booked = transfers.Where((_, n) => answers[2 * n].IsBooked || answers[2 * n + 1].IsBooked).ToList();
        var written = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<Guid>($"""select id as "Value" from transfer where debit_account in ({A}, {B})""").ToListAsync());
        Assert.Equal(booked.Select(t => t.Id).Order(), written.Order());
        Assert.True((await BalanceAsync(A)).Keeps(AccountLimit.DebitsWithinCredits) && (await BalanceAsync(B)).Keeps(AccountLimit.DebitsWithinCredits));
        await host.BooksHoldAsync();

        async Task<Verdict> BySecondAsync(Transfer transfer) => (await second.BookAsync([transfer]))[0];
    }

    [Fact]
    public async Task What_waits_when_the_service_stops_is_still_answered_and_nothing_more_is_taken()
    {
        await OpenAsync();
        using var batcher = new Batcher(host.Services.GetRequiredKeyedService<NpgsqlDataSource>(EscrowService.Name), host.Services.GetRequiredService<Snapshots>(), host.Clock, NullLogger<Batcher>.Instance);
        await batcher.StartAsync(default);
        var waiting = Enumerable.Range(0, 50).Select(_ => batcher.BookAsync([Of(Bank, A, 1)])).ToList();
        await batcher.StopAsync(default);
        Assert.All(await Task.WhenAll(waiting), v => Assert.True(v[0].IsBooked));
        await Assert.ThrowsAsync<BusyException>(() => batcher.BookAsync([Of(Bank, A, 1)]));
    }
}
