using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

/// <summary>On books of their own, which they spoil.</summary>
public class CheckLedgerDailyTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    public static TheoryData<string, string> Forgeries => new()
    {
        { "update transfer set amount = amount + 1, posted = posted + 1 where code = 'payment-received'", "bank-equals-its-entries,running-rows-equal-sums" },
        { "update transfer set credit_account = gen_random_uuid() where code = 'payment-received'", "accounts-exist-in-their-currency,debits-equal-credits,no-overdraft,running-rows-equal-sums" },
        { "delete from transfer where code = 'deposit-held'", "held-equals-open-deposits,holds-end-as-they-began,no-component-negative,running-rows-equal-sums" },
        { "update balance set credits = credits + 1", "running-rows-equal-sums" },
        { "update balance set transfers = transfers + 1", "running-rows-equal-sums" },
        { "insert into balance_snapshot select account_id, 1, debits + 1, credits + 1, 0, 0 from balance", "snapshots-equal-sums" },
        { "insert into ledger_cut select max(position), min(booked_at) - interval '1 day' from transfer", "nothing-is-booked-out-of-turn" },
        { "insert into ledger_cut select min(position), max(booked_at) + interval '1 day' from transfer", "nothing-is-booked-out-of-turn" },
        { "update transfer set amount = amount + 1, held = held - 1 where kind = 'Void'", "held-equals-open-deposits,holds-end-as-they-began,no-component-negative,running-rows-equal-sums" },
        { "delete from balance", "running-rows-equal-sums" },
        { "delete from payment_order", "refunds-are-confirmed-once,refunds-are-ordered-once,transit-equals-open-orders" },
        { "update payment_order set stage = 'Confirmed' where stage = 'Ordered' and deposit_id is not null", "refunds-are-confirmed-once,transit-equals-open-orders" },
        { "update deposit set stage = 'Secured' where stage = 'Released'", "held-equals-open-deposits" },
        { "update deposit set refunded = 0", "refunds-are-confirmed-once" },
        { "update deposit set forfeited = 1 where stage = 'Secured'", "forfeits-reach-the-treasury" },
        { "delete from bank_entry where not is_credit", "bank-equals-its-entries" },
        { "delete from transfer where code = 'payment-returned'", "suspense-equals-open-items,transit-equals-open-orders" },
        { "insert into transfer (id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference, booked_at) select gen_random_uuid(), id, 'Void', debit_account, credit_account, amount, 0, -amount, currency, gen_random_uuid(), 'x', 'x', booked_at from transfer where code = 'deposit-held'", "held-equals-open-deposits,holds-end-as-they-began,no-component-negative,running-rows-equal-sums" },
    };

    // One deposit held, one released, one refunded, one stray payment on its way back.
    private async Task FillAsync()
    {
        if (await host.InDbAsync((EscrowDb db) => db.Deposits.AnyAsync())) return;
        var (lot, other, third) = (await host.PublishAsync(), await host.PublishAsync(), await host.PublishAsync());
        await host.SecureAsync(lot);
        var (released, refunded) = (await host.SecureAsync(other), await host.SecureAsync(third));
        foreach (var failed in new[] { other, third }) await host.HearAsync(failed.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(other, released, GetDeposit.DepositState.Released);
        await host.EventuallyDepositAsync(third, refunded, GetDeposit.DepositState.Released);
        var order = Assert.Single(await host.OrdersToAsync(refunded));
        await host.ConfirmAsync(order.Id, "P1");
        await host.TakenAsync(host.NoticeOf(lot, released) with { AccountNumber = "1" });
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task What_an_administrator_changes_behind_the_services_back_is_named(string forgery, string violated)
    {
        await FillAsync();
        await host.BooksHoldAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var forge = new NpgsqlCommand($"set local session_replication_role = replica; {forgery}", connection)) Assert.True(await forge.ExecuteNonQueryAsync() > 0);
        await using var db = new EscrowDb(new DbContextOptionsBuilder<EscrowDb>().UseNpgsql(connection).Options);
        await db.Database.UseTransactionAsync(transaction);
        Assert.Equal(violated, string.Join(',', (await Invariants.ViolatedAsync(db, default)).Order()));
        await db.Database.UseTransactionAsync(null);
        await transaction.RollbackAsync();
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Every_start_checks_the_books_and_an_alarm_names_the_invariants_only()
    {
        await FillAsync();
        var log = new Heard();
        using var check = new CheckLedgerDaily(host.Services.GetRequiredService<IServiceScopeFactory>(), host.Clock, log);
        await check.StartAsync(default);
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(check.ExecuteTask is { IsCompleted: false }));
        Assert.Empty(await check.CheckAsync(default));
        Assert.Empty(log.Lines);
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using (var spoil = source.CreateCommand("update balance set credits = credits + 1")) await spoil.ExecuteNonQueryAsync();
        Assert.Equal(["running-rows-equal-sums"], await check.CheckAsync(default));
        await using (var mend = source.CreateCommand("update balance set credits = credits - 1")) await mend.ExecuteNonQueryAsync();
        Assert.Equal([(LogLevel.Critical, "The books do not hold: running-rows-equal-sums. Stop paying out and find the cause.")], log.Lines);
        Assert.Equal(["running-rows-equal-sums"], Assert.Single(await host.PublishedAsync<LedgerDoubted, EscrowDb>()).Invariants);

        // What the last check found stands in the trial balance until the next one, or until somebody asks for one now.
        async Task<(bool, DateTimeOffset)> BalanceAsync(string query = "") =>
            await EscrowHost.ReadAsync<GetTrialBalance.Response>(await host.As(Roles.Supervisor).GetAsync("/api/escrow/trial-balance" + query)) is var answer ? (answer.Balanced, answer.CheckedAt) : default;
        var checkedAt = host.Clock.GetUtcNow();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((false, checkedAt), await BalanceAsync());
        Assert.Equal((true, host.Clock.GetUtcNow()), await BalanceAsync("?check=true"));
        Assert.Equal((false, checkedAt), await BalanceAsync());
        Assert.Empty(await check.CheckAsync(default));
        Assert.Equal((true, host.Clock.GetUtcNow()), await BalanceAsync());
        await using (var spoil = source.CreateCommand("update balance set credits = credits + 1")) await spoil.ExecuteNonQueryAsync();
        Assert.False((await BalanceAsync()).Item1);                                                  // debits equal credits is asked each time
        await using (var mend = source.CreateCommand("update balance set credits = credits - 1")) await mend.ExecuteNonQueryAsync();
        await check.StopAsync(default);
    }

    private sealed class Heard : ILogger<CheckLedgerDaily>
    {
        public List<(LogLevel, string)> Lines { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add((logLevel, formatter(state, exception)));
    }
}
