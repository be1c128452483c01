using System.Net;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Testing;
using static Tendering.Escrow.Features.GetDeposit;

namespace Tendering.Escrow.Tests.Features;

public class ForfeitDepositTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private static readonly string Hash = new('a', 64);

    private readonly HttpClient _finance = host.As(Roles.Finance);

    private Task<HttpResponseMessage> ForfeitAsync(LotOf lot, Bidder bidder, long? amount = null, string? key = null) =>
        _finance.PostAsync("/api/escrow/deposits/forfeitures", new ForfeitDeposit.Request(lot.LotId, bidder.Id, amount, "D-2026-7", Hash), key);

    private async Task<(LotOf, Bidder)> RevokedAsync(string ruleSet = "cn-tendering")
    {
        var lot = await host.PublishAsync(ruleSet);
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => (await db.SubAccounts.FindAsync(db.SubAccounts.Single(s => s.BidderId == bidder.Id).Id))!.RevokedAt is not null));
        return (lot, bidder);
    }

    private async Task RefusedAsync(HttpResponseMessage answer, string code, string? rule = null)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
        if (rule is not null) Assert.Contains($"\"rule\":\"{rule}\"", text, StringComparison.Ordinal);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_whole_deposit_of_a_revoked_bid_goes_to_the_treasury()
    {
        var (lot, bidder) = await RevokedAsync();
        var answer = await ForfeitAsync(lot, bidder);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var forfeited = Assert.Single(await host.PublishedAsync<DepositForfeited, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Equal((lot.Deposit, "D-2026-7", Hash, "A10", "条35"), (forfeited.Amount, forfeited.DecisionNumber, forfeited.DecisionHash, forfeited.Rule, forfeited.Article));
        var deposit = await host.DepositAsync(lot, bidder);
        Assert.Equal((DepositState.Forfeited, lot.Deposit, 0), (deposit.State, deposit.Forfeited, deposit.Refunded));
        Assert.Empty(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
        await RefusedAsync(await ForfeitAsync(lot, bidder), "deposit-not-held", "A10");
    }

    private Task<HttpResponseMessage> WaiveAsync(LotOf lot, Bidder bidder, string? key = null) =>
        _finance.PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, bidder.Id, "D-2026-8", Hash), key);

    private async Task<ListDeposits.Item> ItemAsync(LotOf lot, Bidder bidder) =>
        Assert.Single(await EscrowHost.ReadAsync<ListDeposits.Item[]>(await _finance.GetAsync($"/api/escrow/lots/{lot.LotId}/deposits")), i => i.BidderId == bidder.Id);

    [Fact]
    public async Task The_deposit_of_a_revoked_bid_stays_held_until_somebody_has_decided_whatever_becomes_of_the_lot()
    {
        foreach (var keep in new[] { true, false })
            foreach (var fails in new[] { true, false })
            {
                var (lot, bidder) = await RevokedAsync();
                var other = await host.SecureAsync(lot);
                if (fails) await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
                else await host.HearAsync(lot.Contracted(other, host.Clock.GetUtcNow()));
                await host.EventuallyDepositAsync(lot, other, DepositState.Released);
                Assert.Equal((DepositState.Secured, null), ((await host.DepositAsync(lot, bidder)).State, (await host.DepositAsync(lot, bidder)).RefundDueBy));
                Assert.True((await ItemAsync(lot, bidder)).AwaitsDecision);
                Assert.False((await ItemAsync(lot, other)).AwaitsDecision);
                Assert.Empty(await host.OrdersToAsync(bidder));
                host.Clock.Advance(TimeSpan.FromDays(30));
                if (keep)
                {
                    Assert.Equal(HttpStatusCode.Created, (await ForfeitAsync(lot, bidder)).StatusCode);
                    await RefusedAsync(await WaiveAsync(lot, bidder), "deposit-not-held", "A10");
                }
                else
                {
                    var key = Guid.NewGuid().ToString();
                    foreach (var answer in new[] { await WaiveAsync(lot, bidder, key), await WaiveAsync(lot, bidder, key) }) Assert.True((await EscrowHost.ReadAsync<WaiveForfeiture.Response>(answer)).Released);
                    Assert.Equal(lot.Deposit, Assert.Single(await host.OrdersToAsync(bidder)).Amount - (await host.DepositAsync(lot, bidder)).Interest!.Statement.Amount);
                    Assert.True((await host.DepositAsync(lot, bidder)).RefundDueBy > host.Clock.GetUtcNow().AddDays(fails ? -1 : 0));
                    Assert.Single(await host.PublishedAsync<ForfeitureWaived, EscrowDb>(), e => e.BidderId == bidder.Id && e.DecisionNumber == "D-2026-8" && e.DecisionHash == Hash && e.Rule == "A10");
                    await RefusedAsync(await WaiveAsync(lot, bidder), "forfeiture-without-ground", "A10");
                }
                Assert.False((await ItemAsync(lot, bidder)).AwaitsDecision);
                await host.BooksHoldAsync();
            }
    }

    [Fact]
    public async Task What_is_not_to_be_kept_goes_back_with_the_others_and_cannot_be_kept_any_more()
    {
        var (lot, bidder) = await RevokedAsync();
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        Assert.False((await EscrowHost.ReadAsync<WaiveForfeiture.Response>(await WaiveAsync(lot, bidder))).Released);
        await RefusedAsync(await ForfeitAsync(lot, bidder), "forfeiture-without-ground", "A10");
        await RefusedAsync(await WaiveAsync(lot, loser), "forfeiture-without-ground", "A10");
        await host.HearAsync(lot.Contracted(winner, host.Clock.GetUtcNow()));
        foreach (var each in new[] { bidder, winner, loser }) await host.EventuallyDepositAsync(lot, each, DepositState.Released);
        foreach (var role in Roles.All.Where(r => r != Roles.Finance))
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync("/api/escrow/deposits/waivers", new WaiveForfeiture.Request(lot.LotId, bidder.Id, "D", Hash))).StatusCode);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Of_a_part_the_rest_goes_back()
    {
        var (lot, bidder) = await RevokedAsync("cn-procurement");
        var (key, part) = (Guid.NewGuid().ToString(), lot.Deposit / 4);
        var answers = new[] { await ForfeitAsync(lot, bidder, part, key), await ForfeitAsync(lot, bidder, part, key) };
        Assert.Equal(await answers[0].Content.ReadAsStringAsync(), await answers[1].Content.ReadAsStringAsync());
        var order = Assert.Single(await host.OrdersToAsync(bidder));
        Assert.Equal(lot.Deposit - part, order.Amount);
        Assert.Single(await host.PublishedAsync<DepositForfeited, EscrowDb>(), e => e.BidderId == bidder.Id && e.Amount == part && e.Rule == "BX6");
        Assert.Single(await host.PublishedAsync<DepositReleased, EscrowDb>(), e => e.BidderId == bidder.Id && e.Amount == lot.Deposit - part && e.Reason == "forfeited-in-part");
        await host.ConfirmAsync(order.Id, $"P{order.Id:N}");
        var deposit = await host.DepositAsync(lot, bidder);
        Assert.Equal((DepositState.Forfeited, part, lot.Deposit - part), (deposit.State, deposit.Forfeited, deposit.Refunded));
        Assert.Single(await host.PublishedAsync<DepositRefunded, EscrowDb>(), e => e.BidderId == bidder.Id && e.Amount == lot.Deposit - part);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_books_show_what_the_documentation_works_out()
    {
        var lot = await host.PublishAsync("jp-municipal", "JPY", 2_000_000);
        var bidder = await host.RegisterAsync(lot);
        await host.TakenAsync(host.NoticeOf(lot, bidder) with { Amount = 1_800_000 });
        await PayOutAsync(bidder);
        await host.TakenAsync(host.NoticeOf(lot, bidder));
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await ForfeitAsync(lot, bidder, 500_000)).StatusCode == HttpStatusCode.Created);
        await PayOutAsync(bidder);
        var kept = Assert.Single(await host.OrdersAsync(), o => o.ToAccount == EscrowHost.TreasuryAccount && o.Currency == "JPY");
        Assert.Equal((500_000, EscrowHost.TreasuryName), (kept.Amount, kept.ToName));
        Assert.True((await host.ConfirmAsync(kept.Id, $"P{kept.Id:N}")).IsSuccessStatusCode);

        Assert.Equal(
            [("payment-received", 1_800_000, 0), ("payment-returned", 1_800_000, 0), ("payment-received", 2_000_000, 0), ("deposit-held", 0, 2_000_000), ("deposit-forfeited", 500_000, -2_000_000), ("refund-ordered", 1_500_000, 0)],
            (await host.DepositAsync(lot, bidder)).Statement.Select(l => (l.Code, l.Amount, l.Held)));
        var balance = await EscrowHost.ReadAsync<GetTrialBalance.Response>(await _finance.GetAsync("/api/escrow/trial-balance"));
        Assert.Equal(
            [("bank", 3_800_000, 3_800_000), ("fees", 0, 0), ("held", 500_000, 500_000), ("interest", 0, 0), ("sub-accounts", 3_800_000, 3_800_000), ("suspense", 0, 0), ("transit", 3_800_000, 3_800_000), ("treasury", 500_000, 500_000)],
            balance.Accounts.Where(a => a.Currency == "JPY").Select(a => (a.Code.Split(':')[0], a.Debits, a.Credits)));
        Assert.True(balance.Balanced && balance.Accounts.All(a => a is not { Currency: "JPY", PendingDebits: not 0 } and not { Currency: "JPY", PendingCredits: not 0 }));

        async Task PayOutAsync(Bidder to)
        {
            var order = Assert.Single(await host.OrdersToAsync(to));
            Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).IsSuccessStatusCode);
        }
    }

    [Fact]
    public async Task The_winners_deposit_may_be_kept_once_the_time_for_the_contract_has_passed_and_not_before()
    {
        var lot = await host.PublishAsync();
        var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        var notice = lot.Noticed(winner, host.Clock.GetUtcNow());
        await host.HearAsync(notice);
        await host.RegisterAsync(lot);
        await RefusedAsync(await ForfeitAsync(lot, winner), "forfeiture-without-ground", "A10");
        host.Clock.MoveTo(notice.ContractDueBy);
        await RefusedAsync(await ForfeitAsync(lot, loser), "forfeiture-without-ground", "A10");
        Assert.Equal(HttpStatusCode.Created, (await ForfeitAsync(lot, winner)).StatusCode);
        Assert.Single(await host.PublishedAsync<DepositForfeited, EscrowDb>(), e => e.BidderId == winner.Id && e.Rule == "AX6" && e.Article == "条74");
        await host.BooksHoldAsync();
    }

    // Named, left alone with the contract until its time is over, and then passed over for the next.
    private async Task<(LotOf Lot, Bidder Former, Bidder Next, Bidder Loser, DateTimeOffset DueBy)> PassedOverAsync(string ruleSet = "cn-tendering", bool inTime = false)
    {
        var lot = await host.PublishAsync(ruleSet);
        var (former, next, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot), await host.SecureAsync(lot));
        var notice = lot.Noticed(former, host.Clock.GetUtcNow());
        await host.HearAsync(notice);
        host.Clock.MoveTo(inTime ? notice.ContractDueBy.AddDays(-1) : notice.ContractDueBy.AddDays(1));
        await NameAsync(lot, next);
        return (lot, former, next, loser, notice.ContractDueBy);
    }

    private async Task NameAsync(LotOf lot, Bidder winner)
    {
        await host.HearAsync(lot.Noticed(winner, host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => (await db.Lots.FindAsync(lot.LotId))!.WinnerId == winner.Id), "the award notice");
    }

    [Theory]
    [InlineData("cn-tendering", null, "AX6", "条74")]
    [InlineData("cn-tendering", 50_000_00L, "AX6", "条74")]
    [InlineData("cn-procurement", null, "BX14", "87号20(五);tender documents")]
    [InlineData("cn-procurement", 50_000_00L, "BX14", "87号20(五);tender documents")]
    [InlineData("jp-municipal", null, "J16", "地方自治法234の4")]
    public async Task Who_let_the_time_for_the_contract_pass_may_lose_its_deposit_after_the_next_was_named_and_after_that_one_has_signed(string ruleSet, long? part, string rule, string article)
    {
        foreach (var isSigned in new[] { false, true })
        {
            var (lot, former, next, loser, dueBy) = await PassedOverAsync(ruleSet);
            if (isSigned)
            {
                await host.HearAsync(lot.Contracted(next, host.Clock.GetUtcNow()));
                foreach (var each in new[] { next, loser }) await host.EventuallyDepositAsync(lot, each, DepositState.Released);
                Assert.Equal(ruleSet == "cn-procurement" ? "not-awarded" : "contract-signed", (await ItemAsync(lot, next)).ReleaseReason);
            }
            Assert.Equal((DepositState.Secured, null), ((await host.DepositAsync(lot, former)).State, (await host.DepositAsync(lot, former)).RefundDueBy));
            Assert.Empty(await host.OrdersToAsync(former));
            var item = await ItemAsync(lot, former);
            Assert.Equal((true, ForfeitureGround.ContractUnsigned, dueBy), (item.AwaitsDecision, item.Ground, item.ContractDueBy));
            var holds = (await EscrowHost.ReadAsync<GetHolds.Response>(await _finance.GetAsync("/api/escrow/reports/holds"))).Holds.Where(h => h.LotId == lot.LotId);
            Assert.Equal([item.Id], holds.Where(h => h.AwaitsDecision).Select(h => h.Id));

            var answer = await ForfeitAsync(lot, former, part);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            var kept = part ?? lot.Deposit;
            Assert.Equal((kept, lot.Deposit - kept), ((await EscrowHost.ReadAsync<ForfeitDeposit.Response>(answer)).Forfeited, (await host.OrdersToAsync(former)).Sum(o => o.Amount)));
            Assert.Single(await host.PublishedAsync<DepositForfeited, EscrowDb>(), e => e.BidderId == former.Id && e.Amount == kept && e.Rule == rule && e.Article == article && e.DecisionNumber == "D-2026-7" && e.DecisionHash == Hash);
            item = await ItemAsync(lot, former);
            Assert.Equal((DepositStage.Forfeited, false, null), (item.Stage, item.AwaitsDecision, item.Ground));
            await host.BooksHoldAsync();
        }
    }

    [Fact]
    public async Task Who_was_named_next_has_a_time_of_its_own()
    {
        var (lot, former, next, loser, _) = await PassedOverAsync();
        await RefusedAsync(await ForfeitAsync(lot, next), "forfeiture-without-ground", "A10");
        Assert.Equal((false, null), ((await ItemAsync(lot, next)).AwaitsDecision, (await ItemAsync(lot, next)).Ground));
        host.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal((false, ForfeitureGround.ContractUnsigned), ((await ItemAsync(lot, next)).AwaitsDecision, (await ItemAsync(lot, next)).Ground));      // it may still sign
        await NameAsync(lot, loser);
        foreach (var each in new[] { former, next }) Assert.Equal(HttpStatusCode.Created, (await ForfeitAsync(lot, each)).StatusCode);
        await host.HearAsync(lot.Contracted(loser, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
        Assert.Equal("contract-signed", (await ItemAsync(lot, loser)).ReleaseReason);
        await host.BooksHoldAsync();
    }

    [Theory]
    [InlineData("cn-tendering", false)]
    [InlineData("cn-procurement", true)]
    public async Task What_is_not_kept_of_a_former_winner_goes_back_with_the_losers_or_at_once_where_they_have_theirs(string ruleSet, bool atOnce)
    {
        var (lot, former, next, _, _) = await PassedOverAsync(ruleSet);
        Assert.Equal(atOnce, (await EscrowHost.ReadAsync<WaiveForfeiture.Response>(await WaiveAsync(lot, former))).Released);
        var rule = atOnce ? "BX14" : "AX6";
        Assert.Single(await host.PublishedAsync<ForfeitureWaived, EscrowDb>(), e => e.BidderId == former.Id && e.Rule == rule);
        if (!atOnce) await RefusedAsync(await ForfeitAsync(lot, former), "forfeiture-without-ground");
        await host.HearAsync(lot.Contracted(next, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, former, DepositState.Released);
        Assert.Equal("not-awarded", (await ItemAsync(lot, former)).ReleaseReason);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Who_is_passed_over_before_its_time_is_over_waits_for_a_decision_too()
    {
        var (lot, former, next, loser, _) = await PassedOverAsync(inTime: true);
        await host.HearAsync(lot.Contracted(next, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
        Assert.True((await ItemAsync(lot, former)).AwaitsDecision);
        Assert.True((await EscrowHost.ReadAsync<WaiveForfeiture.Response>(await WaiveAsync(lot, former))).Released);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_former_winner_who_is_named_again_or_signs_after_all_has_no_ground_against_it()
    {
        foreach (var isNamed in new[] { true, false })
        {
            var (lot, former, next, loser, _) = await PassedOverAsync();
            Assert.False((await EscrowHost.ReadAsync<WaiveForfeiture.Response>(await WaiveAsync(lot, former))).Released);
            if (isNamed)
            {
                await NameAsync(lot, former);
                Assert.Equal((false, null), ((await ItemAsync(lot, former)).AwaitsDecision, (await ItemAsync(lot, former)).Ground));
                await RefusedAsync(await ForfeitAsync(lot, former), "forfeiture-without-ground", "A10");
            }
            await host.HearAsync(lot.Contracted(former, host.Clock.GetUtcNow()));
            foreach (var each in new[] { former, loser }) await host.EventuallyDepositAsync(lot, each, DepositState.Released);
            Assert.Equal("contract-signed", (await ItemAsync(lot, former)).ReleaseReason);
            Assert.True((await ItemAsync(lot, next)).AwaitsDecision);
            await host.BooksHoldAsync();
        }
    }

    [Fact]
    public async Task An_archive_that_is_found_lost_afterwards_does_not_take_the_decision_away()
    {
        var (lot, former, _, loser, _) = await PassedOverAsync();
        foreach (var bidder in new[] { former, loser }) await host.HearAsync(bidder.ArchiveNotOpened(lot, "withdrawn", host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
        Assert.True((await ItemAsync(lot, former)).AwaitsDecision);
        Assert.Equal(HttpStatusCode.Created, (await ForfeitAsync(lot, former)).StatusCode);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task When_the_lot_fails_only_who_had_let_its_time_pass_waits_for_a_decision()
    {
        foreach (var isOver in new[] { true, false })
        {
            var lot = await host.PublishAsync();
            var (winner, loser) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
            var dueBy = lot.Noticed(winner, host.Clock.GetUtcNow()).ContractDueBy;
            await NameAsync(lot, winner);
            host.Clock.MoveTo(isOver ? dueBy : dueBy.AddDays(-1));
            await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
            await host.EventuallyDepositAsync(lot, loser, DepositState.Released);
            await host.EventuallyDepositAsync(lot, winner, isOver ? DepositState.Secured : DepositState.Released);
            Assert.Equal(isOver, (await ItemAsync(lot, winner)).AwaitsDecision);
            if (isOver) Assert.Equal(HttpStatusCode.Created, (await ForfeitAsync(lot, winner)).StatusCode);
            await host.BooksHoldAsync();
        }
    }

    [Fact]
    public async Task Without_a_ground_or_beyond_the_deposit_nothing_is_kept()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        await RefusedAsync(await ForfeitAsync(lot, bidder), "forfeiture-without-ground", "A10");
        var (revokedLot, revoked) = await RevokedAsync();
        await RefusedAsync(await ForfeitAsync(revokedLot, revoked, revokedLot.Deposit + 1), "forfeiture-exceeds-deposit");
        Assert.Equal(DepositState.Secured, (await host.DepositAsync(revokedLot, revoked)).State);
        var unpaid = await host.RegisterAsync(lot);
        await RefusedAsync(await ForfeitAsync(lot, unpaid), "deposit-not-held", "A10");
        Assert.Equal(HttpStatusCode.NotFound, (await ForfeitAsync(lot, host.NewBidder())).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ForfeitAsync(host.NewLot(), bidder)).StatusCode);
    }

    [Fact]
    public async Task A_forfeiture_and_a_release_at_once_end_the_deposit_one_way()
    {
        for (var round = 0; round < 5; round++)
        {
            var (lot, bidder) = await RevokedAsync();
            var forfeiting = ForfeitAsync(lot, bidder);
            await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
            var isForfeited = (await forfeiting).StatusCode == HttpStatusCode.Created;
            await host.EventuallyDepositAsync(lot, bidder, isForfeited ? DepositState.Forfeited : DepositState.Released);
            Assert.Equal(isForfeited ? 0 : 1, (await host.OrdersToAsync(bidder)).Length);
            await host.BooksHoldAsync();
        }
    }

    [Fact]
    public async Task Only_finance_keeps_deposits_and_with_a_decision()
    {
        var (lot, bidder) = await RevokedAsync();
        var request = new ForfeitDeposit.Request(lot.LotId, bidder.Id, null, "D", Hash);
        foreach (var role in Roles.All.Where(r => r != Roles.Finance))
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync("/api/escrow/deposits/forfeitures", request)).StatusCode);
        foreach (var bad in new[] { request with { DecisionNumber = "" }, request with { DecisionHash = "a" }, request with { Amount = 0 }, request with { Amount = Transfer.AmountMax + 1 } })
            Assert.Equal(HttpStatusCode.BadRequest, (await host.As(Roles.Finance).PostAsync("/api/escrow/deposits/forfeitures", bad)).StatusCode);
    }
}
