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
        await host.BooksHoldAsync();
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
