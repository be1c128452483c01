using System.Net;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Testing;
using static Tendering.Escrow.Features.GetDeposit;

namespace Tendering.Escrow.Tests.Features;

public class ReleaseDepositsTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<DepositReleased> ReleasedAsync(LotOf lot, Bidder bidder)
    {
        await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
        var released = Assert.Single(await host.PublishedAsync<DepositReleased, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id);
        Assert.Equal(lot.Deposit, released.Amount);
        var order = Assert.Single(await host.OrdersToAsync(bidder));
        Assert.Equal((lot.Deposit, bidder.Name, lot.Currency), (order.Amount, order.ToName, order.Currency));
        return released;
    }

    /// <summary>A fact that comes after others on the same lane: when it has been handled, so have they.</summary>
    private async Task HandledAsync(LotOf lot) => await host.RegisterAsync(lot);

    [Fact]
    public async Task A_withdrawn_bid_frees_its_deposit_and_no_other()
    {
        var lot = await host.PublishAsync();
        var (bidder, other) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        await host.HearAsync(bidder.Withdrew(lot, host.Clock.GetUtcNow()));
        var released = await ReleasedAsync(lot, bidder);
        Assert.Equal(("bid-withdrawn", "A9", "条35"), (released.Reason, released.Rule, released.Article));
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, other)).State);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task After_a_withdrawal_a_new_payment_secures_a_new_bid_and_a_repeated_withdrawal_does_not_free_it()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        var withdrawal = bidder.Withdrew(lot, host.Clock.GetUtcNow());
        await host.HearAsync(withdrawal);
        await ReleasedAsync(lot, bidder);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(host.NoticeOf(lot, bidder))).Outcome);
        await host.HearAsync(withdrawal);
        await HandledAsync(lot);
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        Assert.Single(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_bid_that_stayed_closed_by_no_fault_of_its_bidder_frees_the_deposit_and_a_revoked_one_does_not()
    {
        var lot = await host.PublishAsync();
        var (blameless, revoked) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        await host.HearAsync(revoked.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.HearAsync(blameless.NotOpened(lot, "withdrawn", host.Clock.GetUtcNow()));
        Assert.Equal("bid-not-opened", (await ReleasedAsync(lot, blameless)).Reason);
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, revoked)).State);
    }

    [Fact]
    public async Task A_bid_whose_archive_stayed_closed_is_like_one_that_was_not_opened_however_often_it_is_told()
    {
        var lot = await host.PublishAsync();
        var (blameless, revoked, other) = (await host.SecureAsync(lot), await host.SecureAsync(lot), await host.SecureAsync(lot));
        var told = blameless.ArchiveNotOpened(lot, "withdrawn", host.Clock.GetUtcNow());
        var id = await host.HearAsync(told);
        await host.HearAsync(told, id: id);
        await host.HearAsync(told);
        await host.HearAsync(revoked.ArchiveNotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await HandledAsync(lot);
        var released = await ReleasedAsync(lot, blameless);
        Assert.Equal(("bid-not-opened", "A9", "条35"), (released.Reason, released.Rule, released.Article));
        Assert.Equal((DepositState.Secured, DepositState.Secured), ((await host.DepositAsync(lot, revoked)).State, (await host.DepositAsync(lot, other)).State));
        // Kept or not is a decision.
        var waiver = await host.As(Roles.Finance).PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, revoked.Id, "D", new string('a', 64)));
        Assert.Equal(HttpStatusCode.Created, waiver.StatusCode);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Who_has_the_award_notice_keeps_its_deposit_there_when_its_archive_turns_out_to_be_lost()
    {
        var lot = await host.PublishAsync();
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        await host.HearAsync(lot.Noticed(winner, host.Clock.GetUtcNow()));
        foreach (var bidder in new[] { winner, loser }) await host.HearAsync(bidder.ArchiveNotOpened(lot, "withdrawn", host.Clock.GetUtcNow()));
        Assert.Equal("bid-not-opened", (await ReleasedAsync(lot, loser)).Reason);
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, winner)).State);
        await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
        Assert.Equal("contract-signed", (await ReleasedAsync(lot, winner)).Reason);
    }

    [Fact]
    public async Task A_failed_lot_frees_every_deposit_once_however_often_it_is_told()
    {
        var lot = await host.PublishAsync();
        var bidders = new[] { await host.SecureAsync(lot), await host.SecureAsync(lot), await host.SecureAsync(lot) };
        var failed = lot.Failed(host.Clock.GetUtcNow());
        var id = await host.HearAsync(failed);
        await host.HearAsync(failed, id: id);
        await host.HearAsync(failed);
        await host.HearAsync(bidders[0].Withdrew(lot, host.Clock.GetUtcNow()));
        await HandledAsync(lot);
        foreach (var bidder in bidders)
        {
            var released = await ReleasedAsync(lot, bidder);
            Assert.Equal(("lot-failed", "A12", "条31"), (released.Reason, released.Rule, released.Article));
        }
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task In_regime_A_the_contract_frees_winner_and_losers()
    {
        var lot = await host.PublishAsync();
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        var at = host.Clock.GetUtcNow();
        await host.HearAsync(lot.Noticed(winner, at));
        await HandledAsync(lot);
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, loser)).State);
        await host.HearAsync(lot.Contracted(winner, at.AddDays(1)));
        var (won, lost) = (await ReleasedAsync(lot, winner), await ReleasedAsync(lot, loser));
        Assert.Equal(("contract-signed", "A11", "not-awarded", "A11"), (won.Reason, won.Rule, lost.Reason, lost.Rule));
        Assert.Equal((new DateTimeOffset(2026, 3, 8, 16, 0, 0, TimeSpan.Zero), won.RefundDueBy), (won.RefundDueBy, lost.RefundDueBy));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task In_regime_B_the_award_notice_frees_the_losers_and_the_contract_the_winner()
    {
        var lot = await host.PublishAsync("cn-procurement");
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        var at = host.Clock.GetUtcNow();
        await host.HearAsync(lot.Noticed(winner, at));
        var lost = await ReleasedAsync(lot, loser);
        Assert.Equal(("not-awarded", "B5l", "87号38"), (lost.Reason, lost.Rule, lost.Article));
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(lot, winner)).State);
        await host.HearAsync(lot.Contracted(winner, at));
        Assert.Equal("B5w", (await ReleasedAsync(lot, winner)).Rule);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_lot_in_another_currency_has_books_of_its_own()
    {
        var lot = await host.PublishAsync("jp-municipal", "JPY");
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        var released = await ReleasedAsync(lot, bidder);
        Assert.Equal(("JPY", "J10"), (released.Currency, released.Rule));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Whatever_ends_first_in_whatever_order_each_deposit_is_ordered_back_once()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 6; round++)
        {
            var lot = await host.PublishAsync(random.Next(2) == 0 ? "cn-tendering" : "cn-procurement");
            var bidders = new List<Bidder>();
            for (var n = 0; n < 4; n++) bidders.Add(await host.SecureAsync(lot));
            var at = host.Clock.GetUtcNow();
            var told = new List<Func<Task>>
            {
                () => host.HearAsync(bidders[0].Withdrew(lot, at)), () => host.HearAsync(bidders[1].NotOpened(lot, "withdrawn", at)), () => host.HearAsync(bidders[2].NotOpened(lot, "revoked", at)),
                () => host.HearAsync(lot.Noticed(bidders[3], at)), () => host.HearAsync(lot.Contracted(bidders[3], at)), () => host.HearAsync(lot.Failed(at)),
            };
            foreach (var tell in told.Concat(told).OrderBy(_ => random.Next()).ToList()) await tell();
            await HandledAsync(lot);
            // The revoked one's is still held, unless the lot had ended before its revocation was told.
            var isHeld = (await host.DepositAsync(lot, bidders[2])).State == DepositState.Secured;
            var decided = await host.As(Roles.Finance).PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, bidders[2].Id, "D", new string('a', 64)));
            Assert.Equal(isHeld ? HttpStatusCode.Created : HttpStatusCode.Conflict, decided.StatusCode);
            foreach (var bidder in bidders) await ReleasedAsync(lot, bidder);
            await host.BooksHoldAsync();
        }
    }
}
