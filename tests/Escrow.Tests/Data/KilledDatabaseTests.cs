using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Data;

/// <summary>
/// The database's server is killed with all its processes: while corrections come in batches, once in the middle of an import and once in the middle of a refund run's batch. The service lives on, and who asked asks
/// again until there is an answer.
/// </summary>
public class KilledDatabaseTests
{
    private const int Refunds = RunRefunds.BatchMax + 100, Payments = 100, Bidders = 12, Callers = 2;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task After_every_kill_of_the_server_the_books_balance_and_in_the_end_each_thing_has_happened_once()
    {
        await using var server = await PrivatePostgres.StartAsync();
        await using var issuer = await TokenIssuer.StartAsync();
        var connection = server.ConnectionOf("escrow_killed");
        await Migrator.MigrateAsync(server.ConnectionString, connection, typeof(EscrowDb).Assembly, default);
        var now = TimeProvider.System.GetUtcNow();
        var (refunded, paid) = (await ManyDeposits.SeedAsync(connection, Refunds, now), await ManyDeposits.SeedAsync(connection, Bidders, now));
        var accounts = await AccountsAsync(connection, paid.Id);
        await using var process = new EscrowProcess(connection, issuer.Address, ownsDatabase: false);
        await process.StartAsync();
        using var stop = new CancellationTokenSource();
        var correcting = Task.WhenAll(Enumerable.Range(0, Callers).Select(n => Task.Run(() => CorrectAsync(process, issuer, accounts, n, stop.Token))));

        // In the middle of an import, and of a refund run's batch: another transaction has the id of the last order that it is to write, so that it has written much and waits.
        BankNotice[] notices = [.. Enumerable.Range(0, Payments).Select(n => new BankNotice($"B{Guid.NewGuid():N}", accounts[n % accounts.Count].Number!, 100 + n, "CNY", $"777{n}", "Somebody", now))];
        var last = notices[^1];
        Task importing = Task.CompletedTask;
        await KillWhileWaitingAsync(server, connection, db => Task.FromResult(PaymentOrder.Return(new Payment(last.Reference, last.AccountNumber, last.Amount, last.Currency, last.PayerAccount, last.PayerName, now), "held", now)), () =>
        {
            importing = UntilAnsweredAsync(process, issuer, new CamtText(false, 8, [.. notices.Select(n => n.Line)]) { CreatedAt = EscrowHost.Text(now) });
            return Task.CompletedTask;
        });
        await KillWhileWaitingAsync(server, connection, async db =>
        {
            var deposit = await db.Deposits.Where(d => d.LotId == refunded.Id).OrderByDescending(d => d.SubAccountId).FirstAsync();
            return PaymentOrder.Refund(deposit, deposit.Amount, 0, "held", now);
        }, () => StartRunAsync(connection, refunded, now), async () =>
            Assert.Equal(RunRefunds.BatchMax, await CountAsync(connection, db => db.Deposits.CountAsync(d => d.LotId == refunded.Id && d.Stage == DepositStage.Released))));

        await importing;
        await ServiceFixture.EventuallyAsync(async () => await CountAsync(connection, db => db.Deposits.CountAsync(d => d.LotId == refunded.Id && d.Stage == DepositStage.Released)) == Refunds, "the end of the run");
        await stop.CancelAsync();
        var corrected = (await correcting).SelectMany(c => c).ToList();
        await process.KillAsync();

        Assert.Equal(Refunds, await CountAsync(connection, db => db.PaymentOrders.CountAsync(o => db.Deposits.Any(d => d.Id == o.DepositId && d.LotId == refunded.Id))));
        Assert.Equal(Refunds, await CountAsync(connection, db => db.Set<OutboxEvent>().CountAsync(e => e.Type == "escrow.deposit-released")));
        Assert.Equal(Payments, await CountAsync(connection, db => db.BankEntries.CountAsync(e => e.RecordedAt > now)));
        Assert.Equal(Payments, await CountAsync(connection, db => db.PaymentOrders.CountAsync(o => o.Reason == OrderReasons.Return)));
        Assert.NotEmpty(corrected);
        await using (var db = ManyDeposits.Open(connection))
        {
            var booked = await db.Database.SqlQuery<Guid>($"""select id as "Value" from transfer where code = {TransferCodes.Corrected}""").ToListAsync();
            Assert.Equal(corrected.Order(), booked.Order());
            Assert.Equal(booked.Count, await db.Set<OutboxEvent>().CountAsync(e => e.Type == "escrow.correction-asked"));
        }
        await HoldsAsync(connection);
    }

    // Each asks for a correction of one fen again and again, each until it has its answer; the ids of those that were answered.
    private static async Task<List<Guid>> CorrectAsync(EscrowProcess process, TokenIssuer issuer, List<SubAccount> accounts, int caller, CancellationToken stop)
    {
        using var client = issuer.ClientOf(process.Address!, Roles.Finance);
        var done = new List<Guid>();
        while (!stop.IsCancellationRequested)
        {
            var (id, n) = (Guid.CreateVersion7(), (caller * 5) + (done.Count % 5));
            var request = new CorrectBooks.Request(accounts[n].Id, accounts[n + 1].Id, 1, "D");
            HttpStatusCode? status = null;
            while (status is null or HttpStatusCode.ServiceUnavailable)
            {
                try { status = (await client.PostAsync("/api/escrow/corrections", request, id.ToString())).StatusCode; }
                catch (HttpRequestException) { }
                if (status != HttpStatusCode.Created) await Task.Delay(Pause, CancellationToken.None);
            }
            Assert.Equal(HttpStatusCode.Created, status);
            done.Add(id);
        }
        return done;
    }

    private static async Task UntilAnsweredAsync(EscrowProcess process, TokenIssuer issuer, string file)
    {
        using var client = issuer.ClientOf(process.Address!, Roles.Bank);
        await ServiceFixture.EventuallyAsync(async () =>
        {
            using var content = new StringContent(file, Encoding.UTF8, "application/xml");
            using var answer = await client.PostAsync("/api/escrow/bank-files", content);
            return answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK;
        }, "an answer to the file");
    }

    private static async Task<List<SubAccount>> AccountsAsync(string connection, Guid lot)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var db = ManyDeposits.Open(connection);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var accounts = await db.SubAccounts.AsNoTracking().Where(s => s.LotId == lot).OrderBy(s => s.Id).ToListAsync();
        var bank = Chart.IdOf(SystemAccount.Bank, "CNY");
        await Books.BookAllAsync(db, [.. accounts.Select(a => Transfer.Of(Guid.CreateVersion7(), bank, a.Id, 1_000_000, "fund", "r"))], now, default);
        await transaction.CommitAsync();
        return accounts;
    }

    private static async Task StartRunAsync(string connection, Lot lot, DateTimeOffset now)
    {
        await using var db = ManyDeposits.Open(connection);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LockLotAsync(lot.Id, default);
        await RunRefunds.StartAsync(db, await db.Lots.SingleAsync(l => l.Id == lot.Id), Release.Failed(now), RunRefunds.Whose.All, null, now, default);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private static async Task KillWhileWaitingAsync(PrivatePostgres server, string connection, Func<EscrowDb, Task<PaymentOrder>> held, Func<Task> start, Func<Task>? check = null)
    {
        await using (var other = ManyDeposits.Open(connection))
        {
            await using var transaction = await other.Database.BeginTransactionAsync();
            var order = await held(other);
            // By itself, without its deposit: that must not be locked.
            await other.Database.ExecuteSqlAsync($"""
                insert into payment_order (id, subject, reason, to_account, to_name, amount, currency, purpose, stage, ordered_at)
                values ({order.Id}, {order.Subject}, {order.Reason}, '1', 'held', 1, 'CNY', 'held', 'Ordered', {order.OrderedAt})
                """);
            await start();
            await ServiceFixture.EventuallyAsync(async () => await CountAsync(connection, db => db.Database.SqlQuery<int>($"""
                select count(*)::int as "Value" from pg_stat_activity where datname = current_database() and wait_event = 'transactionid' and query like '%payment_order%'
                """).SingleAsync()) > 0, "the work to be in its middle");
            if (check is not null) await check();
            await server.KillAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => transaction.CommitAsync());
        }
        await server.StartAgainAsync();
        await HoldsAsync(connection);
    }

    private static async Task<int> CountAsync(string connection, Func<EscrowDb, Task<int>> count)
    {
        await using var db = ManyDeposits.Open(connection);
        try { return await count(db); }
        catch (Exception e) when (ProblemHandler.IsDatabaseAway(e))
        {
            // The first after a kill finds the pool's old connections broken.
            NpgsqlConnection.ClearAllPools();
            await using var again = ManyDeposits.Open(connection);
            return await count(again);
        }
    }

    // No statement tells of the money that the corrections move.
    private static async Task HoldsAsync(string connection) =>
        Assert.Equal(0, await CountAsync(connection, async db => (await Invariants.ViolatedAsync(db, default)).Count(name => name != "bank-equals-its-entries")));
}
