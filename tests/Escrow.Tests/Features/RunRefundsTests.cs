using System.Net;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class RunRefundsTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private const int Many = RunRefunds.BatchMax + 300;

    private readonly HttpClient _finance = host.As(Roles.Finance);

    private async Task<ListRefundRuns.Response> RunsAsync(Guid tender) => await EscrowHost.ReadAsync<ListRefundRuns.Response>(await _finance.GetAsync($"/api/escrow/tenders/{tender}/refund-runs"));

    private Task<HttpResponseMessage> PauseAsync(Guid tender, string reason = "A supervisor asked for it.") => _finance.PostAsync($"/api/escrow/tenders/{tender}/refund-runs/pause", new PauseRefunds.Request(reason));

    private Task<HttpResponseMessage> ResumeAsync(Guid tender) => _finance.PostAsync($"/api/escrow/tenders/{tender}/refund-runs/resumption", new PauseRefunds.Request("It is settled."));

    private static Contracts.Tenders.LotFailed Failed(Lot lot, DateTimeOffset at) => new(lot.TenderId, lot.Id, "cancelled", "A12", "条31", at);

    private static async Task<(int Orders, int Deposits, int Events)> PaidAsync(string connection, Guid lot)
    {
        await using var db = ManyDeposits.Open(connection);
        return (await db.PaymentOrders.CountAsync(o => db.Deposits.Any(d => d.Id == o.DepositId && d.LotId == lot)), await db.Deposits.CountAsync(d => d.LotId == lot && d.Stage == DepositStage.Released),
            await db.Set<ServiceDefaults.OutboxEvent>().CountAsync(e => e.Type == "escrow.deposit-released" && e.Payload.Contains(lot.ToString())));
    }

    [Fact]
    public async Task A_run_of_many_deposits_orders_each_refund_once_with_its_interest()
    {
        var lot = await ManyDeposits.SeedAsync(host.ConnectionString, Many, host.Clock.GetUtcNow());
        await host.HearAsync(Failed(lot, host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await RunsAsync(lot.TenderId)).Runs is [{ Stage: RefundRunStage.Done }], "the end of the run");
        Assert.Equal((Many, Many, Many), await PaidAsync(host.ConnectionString, lot.Id));
        var runs = await RunsAsync(lot.TenderId);
        // Thirty days of 20,000,000 fen at 0.05: 833.33 each.
        Assert.Equal((Many, Many, 0, Many * lot.Deposit, Many * 833L), (runs.Deposits, runs.Ordered, runs.Confirmed, runs.Runs[0].Amount, runs.Runs[0].Interest));
        Assert.Equal(("lot-failed", "A12"), (runs.Runs[0].Reason, runs.Runs[0].Rule));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_paused_tender_pays_nobody_and_goes_on_where_it_stood()
    {
        var lot = await host.PublishAsync();
        var bidders = new[] { await host.SecureAsync(lot), await host.SecureAsync(lot), await host.SecureAsync(lot) };
        Assert.Equal(HttpStatusCode.OK, (await PauseAsync(lot.TenderId)).StatusCode);
        Assert.Equal("refunds-paused-already", await (await PauseAsync(lot.TenderId)).CodeAsync());
        await host.HearAsync(lot.Contracted(bidders[0], host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        foreach (var bidder in bidders) Assert.Empty(await host.OrdersToAsync(bidder));
        var runs = await RunsAsync(lot.TenderId);
        Assert.Equal((true, "A supervisor asked for it.", 3, 0), (runs.IsPaused, runs.PauseReason, runs.Deposits, runs.Ordered));
        Assert.All(runs.Runs, r => Assert.Equal(RefundRunStage.Paused, r.Stage));
        // The bidder sees by when its money is due all the same.
        Assert.NotNull((await host.DepositAsync(lot, bidders[1])).RefundDueBy);

        Assert.Equal(HttpStatusCode.OK, (await ResumeAsync(lot.TenderId)).StatusCode);
        Assert.Equal("refunds-not-paused", await (await ResumeAsync(lot.TenderId)).CodeAsync());
        foreach (var bidder in bidders) await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        foreach (var bidder in bidders) Assert.Single(await host.OrdersToAsync(bidder));
        await ServiceFixture.EventuallyAsync(async () => (await RunsAsync(lot.TenderId)).Runs.All(r => r.Stage == RefundRunStage.Done), "the end of the runs");
        Assert.Single(await host.PublishedAsync<RefundsPaused, EscrowDb>(), e => e.TenderId == lot.TenderId && e.Reason == "A supervisor asked for it.");
        Assert.Single(await host.PublishedAsync<RefundsResumed, EscrowDb>(), e => e.TenderId == lot.TenderId);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task What_came_to_await_a_decision_while_a_run_stood_still_is_not_paid_by_it()
    {
        var lot = await host.PublishAsync();
        var bidders = new[] { await host.SecureAsync(lot), await host.SecureAsync(lot), await host.SecureAsync(lot) };
        Assert.Equal(HttpStatusCode.OK, (await PauseAsync(lot.TenderId)).StatusCode);
        await host.HearAsync(lot.Contracted(bidders[0], host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        Assert.Equal(3, (await RunsAsync(lot.TenderId)).Deposits);
        await host.HearAsync(bidders[1].ArchiveNotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        Assert.Equal(HttpStatusCode.OK, (await ResumeAsync(lot.TenderId)).StatusCode);
        foreach (var bidder in new[] { bidders[0], bidders[2] }) await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        await ServiceFixture.EventuallyAsync(async () => (await RunsAsync(lot.TenderId)).Runs.All(r => r.Stage == RefundRunStage.Done), "the end of the runs");
        Assert.Empty(await host.OrdersToAsync(bidders[1]));
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidders[1])).State);
        var waiver = await _finance.PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, bidders[1].Id, "D", new string('a', 64)));
        Assert.Equal(HttpStatusCode.Created, waiver.StatusCode);
        await host.EventuallyDepositAsync(lot, bidders[1], GetDeposit.DepositState.Released);
        Assert.Single(await host.OrdersToAsync(bidders[1]));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_run_that_is_stopped_and_resumed_again_and_again_pays_each_once()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var lot = await ManyDeposits.SeedAsync(host.ConnectionString, Many, host.Clock.GetUtcNow());
        var failed = Failed(lot, host.Clock.GetUtcNow());
        // Once at least it stands still, however slow this test is and however fast the run.
        Assert.Equal(HttpStatusCode.OK, (await PauseAsync(lot.TenderId)).StatusCode);
        await host.HearAsync(failed);
        while ((await RunsAsync(lot.TenderId)).Runs is not [{ Stage: RefundRunStage.Done }])
        {
            if (random.Next(2) == 0) await host.HearAsync(failed);
            await PauseAsync(lot.TenderId);
            await ResumeAsync(lot.TenderId);
        }
        Assert.Equal((Many, Many, Many), await PaidAsync(host.ConnectionString, lot.Id));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task While_a_run_stands_still_the_delay_is_told_all_the_same()
    {
        var lot = await host.PublishAsync();
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        await PauseAsync(lot.TenderId);
        await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        host.Clock.MoveTo((await host.DepositAsync(lot, loser)).RefundDueBy!.Value);
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<RefundsDelayed, EscrowDb>()).Where(e => e.LotId == lot.LotId).Sum(e => e.Deposits) == 2, "the delay to be told");
    }

    [Fact]
    public async Task Only_finance_stops_and_starts_refunds()
    {
        var lot = await host.PublishAsync();
        foreach (var role in Roles.All.Where(r => r != Roles.Finance))
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync($"/api/escrow/tenders/{lot.TenderId}/refund-runs/pause", new PauseRefunds.Request("x"))).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync($"/api/escrow/tenders/{lot.TenderId}/refund-runs")).StatusCode);
        }
        Assert.Equal(HttpStatusCode.BadRequest, (await PauseAsync(lot.TenderId, "")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PauseAsync(Guid.NewGuid())).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _finance.GetAsync($"/api/escrow/tenders/{Guid.NewGuid()}/refund-runs")).StatusCode);
    }

    [Fact]
    public async Task A_service_that_is_killed_in_the_middle_of_a_batch_pays_each_once_after_its_restart()
    {
        await using var process = await EscrowProcess.PrepareAsync();
        var now = TimeProvider.System.GetUtcNow();
        var lot = await ManyDeposits.SeedAsync(process.ConnectionString, Many, now);
        await StartAsync(process.ConnectionString, lot, now);
        Assert.Equal((RunRefunds.BatchMax, RunRefunds.BatchMax, RunRefunds.BatchMax), await PaidAsync(process.ConnectionString, lot.Id));

        await using (var other = ManyDeposits.Open(process.ConnectionString))
        {
            // Another transaction holds the id of the last order: the batch has booked its transfers and waits before it writes its orders.
            await using var held = await other.Database.BeginTransactionAsync();
            var last = await other.Deposits.Where(d => d.LotId == lot.Id).OrderByDescending(d => d.SubAccountId).FirstAsync();
            other.Add(PaymentOrder.Refund(last, last.Amount, 0, "held", now));
            await other.SaveChangesAsync();
            await process.StartAsync();
            await ServiceFixture.EventuallyAsync(async () => await WaitingAsync(other) > 0, "the batch to wait");
            await process.KillAsync();
            await held.RollbackAsync();
        }
        Assert.Equal((RunRefunds.BatchMax, RunRefunds.BatchMax, RunRefunds.BatchMax), await PaidAsync(process.ConnectionString, lot.Id));
        await process.StartAsync();
        await ServiceFixture.EventuallyAsync(async () => (await PaidAsync(process.ConnectionString, lot.Id)).Deposits == Many, "the end of the run");
        Assert.Equal((Many, Many, Many), await PaidAsync(process.ConnectionString, lot.Id));
        await using var books = ManyDeposits.Open(process.ConnectionString);
        Assert.Empty(await Invariants.ViolatedAsync(books, default));
    }

    private static async Task StartAsync(string connection, Lot lot, DateTimeOffset now)
    {
        await using var db = ManyDeposits.Open(connection);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LockLotAsync(lot.Id, default);
        await RunRefunds.StartAsync(db, await db.Lots.SingleAsync(l => l.Id == lot.Id), Release.Failed(now), RunRefunds.Whose.All, null, now, default);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private static async Task<int> WaitingAsync(EscrowDb db) =>
        (await db.Database.SqlQuery<int>($"select count(*)::int as \"Value\" from pg_locks where not granted and locktype = 'transactionid'").ToListAsync()).Single();
}
