using System.Net;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class OpenSubAccountTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    public static TheoryData<string> Orders => ["LRB", "LBR", "RLB", "RBL", "BLR", "BRL", "LLRRBB", "BRLBRL"];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Lot_registration_and_basic_account_open_one_account_in_whatever_order_and_however_often_they_come(string order)
    {
        var (lot, bidder) = (host.NewLot(), host.NewBidder());
        foreach (var fact in order)
        {
            if (fact == 'L') await host.HearAsync(lot.Published);
            if (fact == 'R') await host.HearAsync(bidder.Registered(lot));
            if (fact == 'B') await host.HearAsync(bidder.Basic);
        }
        var account = await host.SubAccountAsync(lot, bidder);
        Assert.True(VirtualAccountNumber.IsValid(account.AccountNumber));
        Assert.Equal((lot.Deposit, "CNY", lot.BidDeadline), (account.Amount, account.Currency, account.PayBy));
        await host.HearAsync(lot.Published);
        await host.HearAsync(bidder.Basic);
        await host.HearAsync(bidder.Registered(lot));
        // A later fact of the same queue was handled, so these were too.
        await host.RegisterAsync(await host.PublishAsync());
        Assert.Equal(account, await host.SubAccountAsync(lot, bidder));
        Assert.Equal(1, await host.InDbAsync((EscrowDb db) => db.SubAccounts.CountAsync(s => s.LotId == lot.LotId)));
    }

    [Fact]
    public async Task A_lot_without_a_deposit_opens_no_account()
    {
        var (lot, bidder) = (await host.PublishAsync(deposit: 0), host.NewBidder());
        await host.HearAsync(bidder.Basic);
        await host.HearAsync(bidder.Registered(lot));
        HttpResponseMessage? answer = null;
        await ServiceFixture.EventuallyAsync(async () => (answer = await host.As(Roles.Bidder, bidder.Id).GetAsync($"/api/escrow/lots/{lot.LotId}/sub-account")).StatusCode == HttpStatusCode.Conflict);
        Assert.Equal("deposit-not-required", await answer!.CodeAsync());
        Assert.Equal(0, await host.InDbAsync((EscrowDb db) => db.SubAccounts.CountAsync(s => s.LotId == lot.LotId && s.Number != null)));
    }

    [Fact]
    public async Task The_payer_is_held_against_the_latest_basic_account()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        var moved = bidder with { BasicNumber = $"7{bidder.BasicNumber}", RegisteredAt = bidder.RegisteredAt.AddMinutes(1) };
        await host.HearAsync(moved.Basic);
        await host.HearAsync(bidder.Basic);                     // an older fact that comes late
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => (await db.BasicAccounts.FindAsync(bidder.Id))!.Number == moved.BasicNumber));
        await host.RegisterAsync(lot);
        Assert.Equal("deposit-wrong-payer", (await host.TakenAsync(host.NoticeOf(lot, bidder))).Code);
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(host.NoticeOf(lot, moved))).Outcome);
    }

    [Fact]
    public async Task Nobody_but_the_bidder_learns_of_its_account_or_deposit()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        foreach (var view in new[] { "sub-account", "deposit" })
        {
            var path = $"/api/escrow/lots/{lot.LotId}/{view}";
            Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Bidder, bidder.Id).GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder).GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(path)).StatusCode);
            foreach (var role in Roles.All.Where(r => r != Roles.Bidder)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, bidder.Id).GetAsync(path)).StatusCode);
        }
        var list = $"/api/escrow/lots/{lot.LotId}/deposits";
        foreach (var role in Roles.All.Where(r => r != Roles.Finance)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, bidder.Id).GetAsync(list)).StatusCode);
        Assert.Contains(bidder.Name, await host.As(Roles.Finance).GetStringAsync(list), StringComparison.Ordinal);
        foreach (var role in Roles.All.Where(r => r is not (Roles.Bank or Roles.Finance))) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/payment-orders")).StatusCode);
    }
}
