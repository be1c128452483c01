using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.Testing;
using static Tendering.Escrow.Features.GetDeposit;

namespace Tendering.Escrow.Tests.Features;

/// <summary>Which refund bears what, to the fen, and that a stranger counts the same from the statement.</summary>
public class InterestTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<(LotOf Lot, Bidder Winner, Bidder Loser)> SecuredAsync(string ruleSet, string currency = "CNY")
    {
        var lot = await host.PublishAsync(ruleSet, currency);
        return (lot, await host.SecureAsync(lot), await host.SecureAsync(lot));
    }

    private async Task<DateTimeOffset> ContractedAfterAsync(LotOf lot, Bidder winner, int days)
    {
        host.Clock.Advance(TimeSpan.FromDays(days));
        await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
        return host.Clock.GetUtcNow();
    }

    private async Task PaidAsync(Bidder bidder, DateTimeOffset at)
    {
        foreach (var order in await host.OrdersToAsync(bidder)) Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}", at)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Under_the_tendering_law_winner_and_loser_get_the_banks_interest_in_one_order()
    {
        var (lot, winner, loser) = await SecuredAsync("cn-tendering");
        var at = await ContractedAfterAsync(lot, winner, 40);
        foreach (var bidder in new[] { winner, loser })
        {
            await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
            // 20,000,000 fen x 40 days x 0.05 / 36,000 = 1,111.1
            Assert.Equal(lot.Deposit + 1_111, Assert.Single(await host.OrdersToAsync(bidder)).Amount);
            await PaidAsync(bidder, at);
            var view = await host.DepositAsync(lot, bidder);
            Assert.Equal((DepositState.Refunded, lot.Deposit), (view.State, view.Refunded));
            Assert.Equal(("A11", "条57", 1_111), (view.Interest!.Rule, view.Interest.Article, view.Interest.Statement.Amount));
            Assert.True(view.Interest.Statement.IsRight);
            Assert.Equal("20000000 × (40 × 0.05) × 1 ÷ (100 × 360) = 1111", view.Interest.Formula);
            Assert.Equal([(40, 0.05m)], view.Interest.Statement.Spans.Select(s => (s.Days, s.Percent)));
            Assert.Null(view.LateInterest);
            Assert.Single(await host.PublishedAsync<DepositReleased, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.Amount == lot.Deposit && e.Interest == 1_111);
            Assert.Single(await host.PublishedAsync<DepositRefunded, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.Amount == lot.Deposit && e.Interest == 1_111);
        }
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_withdrawal_bears_none_and_a_failed_lot_does()
    {
        var (lot, early, stayed) = await SecuredAsync("cn-tendering");
        host.Clock.Advance(TimeSpan.FromDays(9));
        await host.HearAsync(early.Withdrew(lot, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, early, DepositState.Released);
        Assert.Equal(lot.Deposit, Assert.Single(await host.OrdersToAsync(early)).Amount);
        Assert.Null((await host.DepositAsync(lot, early)).Interest);
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, stayed, DepositState.Released);
        Assert.Equal(("A12", 250), ((await host.DepositAsync(lot, stayed)).Interest!.Rule, (await host.DepositAsync(lot, stayed)).Interest!.Statement.Amount));   // 20,000,000 x 9 x 0.05 / 36,000
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Under_procurement_only_a_cancelled_one_bears_interest_and_a_late_return_bears_the_base_rate_and_a_fifth()
    {
        var (lot, winner, loser) = await SecuredAsync("cn-procurement");
        host.Clock.Advance(TimeSpan.FromDays(20));
        await host.HearAsync(lot.Noticed(winner, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
        var due = (await host.DepositAsync(lot, loser)).RefundDueBy!.Value;
        Assert.Equal(lot.Deposit, Assert.Single(await host.OrdersToAsync(loser)).Amount);
        await PaidAsync(loser, due.AddDays(2).AddHours(3));
        // Three days after the last that was allowed: 20,000,000 x 3 x 4.35 x 1.2 / 36,000 = 8,700.
        var late = Assert.Single(await host.OrdersToAsync(loser));
        Assert.Equal(8_700, late.Amount);
        var view = await host.DepositAsync(lot, loser);
        Assert.Equal((DepositState.Refunded, "B5i", "87号38", 8_700L), (view.State, view.LateInterest!.Rule, view.LateInterest.Article, view.LateInterest.Statement.Amount));
        Assert.Equal((3, 4.35m, 1.2m), (view.LateInterest.Statement.Spans.Single().Days, view.LateInterest.Statement.Spans.Single().Percent, view.LateInterest.Statement.Factor));
        await host.BooksHoldAsync();
        await PaidAsync(loser, due.AddDays(4));
        Assert.Single(await host.PublishedAsync<LateInterestPaid, EscrowDb>(), e => e.LotId == lot.LotId && e.Amount == 8_700);
        Assert.Empty(await host.OrdersToAsync(loser));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_refund_on_its_last_day_is_not_late()
    {
        var (lot, winner, loser) = await SecuredAsync("cn-procurement");
        await host.HearAsync(lot.Noticed(winner, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
        await PaidAsync(loser, (await host.DepositAsync(lot, loser)).RefundDueBy!.Value.AddTicks(-10));
        Assert.Empty(await host.OrdersToAsync(loser));
        Assert.Null((await host.DepositAsync(lot, loser)).LateInterest);
    }

    [Fact]
    public async Task A_cancelled_procurement_returns_what_the_bank_gave()
    {
        var (lot, bidder, _) = await SecuredAsync("cn-procurement");
        host.Clock.Advance(TimeSpan.FromDays(9));
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
        Assert.Equal(("BX9", 250), ((await host.DepositAsync(lot, bidder)).Interest!.Rule, (await host.DepositAsync(lot, bidder)).Interest!.Statement.Amount));
    }

    [Fact]
    public async Task In_Japan_nothing_bears_interest()
    {
        var (lot, winner, loser) = await SecuredAsync("jp-municipal", "JPY");
        await ContractedAfterAsync(lot, winner, 100);
        foreach (var bidder in new[] { winner, loser })
        {
            await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
            Assert.Equal(lot.Deposit, Assert.Single(await host.OrdersToAsync(bidder)).Amount);
            await PaidAsync(bidder, host.Clock.GetUtcNow().AddDays(60));
            Assert.Empty(await host.OrdersToAsync(bidder));
        }
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_refund_that_is_not_back_in_time_is_told_once()
    {
        var (lot, first, second) = await SecuredAsync("cn-tendering");
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, first, DepositState.Released);
        await PaidAsync(first, host.Clock.GetUtcNow());
        var due = (await host.DepositAsync(lot, second)).RefundDueBy!.Value;
        Assert.DoesNotContain(await host.PublishedAsync<RefundsDelayed, EscrowDb>(), e => e.LotId == lot.LotId);
        host.Clock.MoveTo(due > host.Clock.GetUtcNow() ? due : host.Clock.GetUtcNow());
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<RefundsDelayed, EscrowDb>()).Any(e => e.LotId == lot.LotId), "the delay to be told");
        var told = Assert.Single(await host.PublishedAsync<RefundsDelayed, EscrowDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((1, lot.Deposit, due), (told.Deposits, told.Amount, told.DueBy));
        await PaidAsync(second, host.Clock.GetUtcNow());
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task However_long_it_lay_the_statement_counts_to_what_was_paid()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 5; round++)
        {
            var lot = await host.PublishAsync(deposit: random.NextInt64(1, 80_000_001));
            var bidder = await host.RegisterAsync(lot);
            await host.TakenAsync(host.NoticeOf(lot, bidder) with { BookedAt = host.Clock.GetUtcNow().AddDays(-random.Next(1500)) });
            await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
            await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
            var statement = (await host.DepositAsync(lot, bidder)).Interest!.Statement;
            Assert.True(statement.IsRight, $"seed {seed}");
            Assert.Equal(lot.Deposit + statement.Amount, Assert.Single(await host.OrdersToAsync(bidder)).Amount);
        }
        await host.BooksHoldAsync();
    }
}
