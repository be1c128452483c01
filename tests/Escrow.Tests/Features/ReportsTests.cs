using System.Net;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

/// <summary>What is told of deposits, to whom, and from when on.</summary>
public class ReportsTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<T> AskAsync<T>(string path, string role, Guid? organisation = null)
    {
        var answer = await host.As(role, organisation).GetAsync($"/api/escrow/{path}");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {await answer.Content.ReadAsStringAsync()}");
        return await EscrowHost.ReadAsync<T>(answer);
    }

    private async Task OpenAsync(LotOf lot)
    {
        await host.HearAsync(lot.Opened(host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => (await db.Lots.FindAsync(lot.LotId))!.OpenedAt is not null), "the opening");
    }

    [Fact]
    public async Task A_statement_has_every_movement_with_its_balance_and_the_interest()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        await host.TakenAsync(host.NoticeOf(lot, bidder) with { Amount = 5 });
        await host.TakenAsync(host.NoticeOf(lot, bidder));
        host.Clock.Advance(TimeSpan.FromDays(9));
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);

        var own = await AskAsync<GetStatement.Response>("statement", Roles.Bidder, bidder.Id);
        Assert.Equal(
            [("payment-received", 5, 0, 5), ("payment-returned", 5, 0, 0), ("payment-received", lot.Deposit, 0, lot.Deposit), ("deposit-held", 0, lot.Deposit, lot.Deposit), ("hold-released", 0, -lot.Deposit, lot.Deposit),
                ("refund-ordered", lot.Deposit, 0, 0), ("interest-ordered", 250, 0, 0)],
            own.Movements.Select(m => (m.Code, m.Amount, m.Held, m.Balance)));
        Assert.Equal(own.Movements, (await AskAsync<GetStatement.Response>($"bidders/{bidder.Id}/statement", Roles.Finance)).Movements);
        Assert.Equal(own.Movements, (await AskAsync<GetStatement.Response>($"tenders/{lot.TenderId}/statement", Roles.Finance)).Movements);
        var second = await AskAsync<GetStatement.Response>($"statement?after={own.Movements[1].Position}", Roles.Bidder, bidder.Id);
        Assert.Equal(own.Movements[2..], second.Movements);

        var csv = await host.As(Roles.Finance).GetStringAsync($"/api/escrow/bidders/{bidder.Id}/statement?format=csv");
        Assert.Contains($",interest-ordered,2.50,,0.00,0.00,{own.Movements[^1].Reference}\r\n", csv, StringComparison.Ordinal);
        var page = await host.As(Roles.Bidder, bidder.Id).GetStringAsync("/api/escrow/statement?format=html");
        Assert.Contains("支付利息 interest ordered", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains("A12 条31: 20000000 × (9 × 0.05) × 1 ÷ (100 × 360) = 250", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_the_opening_finance_alone_sees_who_paid()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        var withdrawn = await host.SecureAsync(lot);
        await host.HearAsync(withdrawn.Withdrew(lot, host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, withdrawn, GetDeposit.DepositState.Released);

        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Supervisor).GetAsync($"/api/escrow/tenders/{lot.TenderId}/statement")).StatusCode);
        foreach (var path in new[] { "reports/holds", "reports/refunds" })
            foreach (var format in new[] { "json", "csv", "html" })
            {
                var seen = await host.As(Roles.Supervisor).GetStringAsync($"/api/escrow/{path}?format={format}");
                foreach (var secret in new[] { bidder.Name, withdrawn.Name, withdrawn.BasicNumber }) Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);
            }
        Assert.Contains((await AskAsync<GetHolds.Response>("reports/holds", Roles.Finance)).Holds, h => h.BidderName == bidder.Name);
        Assert.Contains((await AskAsync<GetRefundsDue.Response>("reports/refunds", Roles.Finance)).Refunds, r => r.BidderName == withdrawn.Name && r is { State: "ordered", IsOverdue: false });

        await OpenAsync(lot);
        Assert.NotEmpty((await AskAsync<GetStatement.Response>($"tenders/{lot.TenderId}/statement", Roles.Supervisor)).Movements);
        Assert.Contains((await AskAsync<GetHolds.Response>("reports/holds", Roles.Supervisor)).Holds, h => h.BidderName == bidder.Name);
        foreach (var role in Roles.All.Where(r => r is not (Roles.Finance or Roles.Supervisor)))
            foreach (var path in new[] { "reports/holds", "reports/refunds", $"tenders/{lot.TenderId}/statement", $"bidders/{bidder.Id}/statement" })
                Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync($"/api/escrow/{path}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder).GetAsync("/api/escrow/statement")).StatusCode);
    }

    [Fact]
    public async Task Holds_are_counted_by_age_and_refunds_by_their_day()
    {
        var lot = await host.PublishAsync("jp-municipal", "JPY", 777);
        var (bidder, other) = (await host.SecureAsync(lot), await host.SecureAsync(lot));
        host.Clock.Advance(TimeSpan.FromDays(40));
        var holds = await AskAsync<GetHolds.Response>("reports/holds", Roles.Finance);
        Assert.Equal((2, 1554L, 0), holds.Brackets.Where(b => b is { Currency: "JPY", FromDays: 31 }).Select(b => (b.Deposits, b.Amount, b.Letters)).Single());
        Assert.Equal(40, holds.Holds.First(h => h.BidderName == bidder.Name).Days);

        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        var due = (await host.DepositAsync(lot, bidder)).RefundDueBy!.Value;
        Assert.DoesNotContain((await AskAsync<GetRefundsDue.Response>("reports/refunds?overdue=true", Roles.Finance)).Refunds, r => r.BidderName == bidder.Name);
        foreach (var order in await host.OrdersToAsync(other)) await host.ConfirmAsync(order.Id, $"P{order.Id:N}");
        host.Clock.MoveTo(due);
        var report = await AskAsync<GetRefundsDue.Response>("reports/refunds?overdue=true", Roles.Finance);
        Assert.Equal((1, 777L, 1, 777L), report.Totals.Where(t => t.Currency == "JPY").Select(t => (t.Refunds, t.Amount, t.Overdue, t.OverdueAmount)).Single());
        Assert.Equal(bidder.Name, report.Refunds.Single(r => r.Currency == "JPY").BidderName);
    }

    [Fact]
    public async Task Holds_and_refunds_go_on_page_by_page_and_each_is_shown_once()
    {
        var lot = await host.PublishAsync(lot: host.NewLot() with { Terms = new Contracts.Tenders.PublishedDepositTerms(60, ["bank"], []) });
        var bidders = new List<Bidder>();
        for (var n = 0; n < 3; n++) bidders.Add(await host.SecureAsync(lot));
        var guaranteed = await host.RegisterAsync(lot);
        var through = DateOnly.FromDateTime(lot.BidDeadline.AddDays(62).UtcDateTime);
        var letter = await EscrowHost.ReadAsync<PresentGuaranteeLetter.Response>(await host.As(Roles.Bidder, guaranteed.Id).PostAsync($"/api/escrow/lots/{lot.LotId}/guarantee-letters",
            new PresentGuaranteeLetter.Request("bank", EscrowHost.BankCode, "Bank", $"L{Guid.NewGuid():N}", lot.Deposit, lot.Currency, LotOf.Tenderer, through, new string('a', 64))));
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Finance).PostAsync($"/api/escrow/guarantee-letters/{letter.LetterId}/verification", new VerifyGuaranteeLetter.Request(true, null))).StatusCode);

        var whole = await AskAsync<GetHolds.Response>("reports/holds", Roles.Finance);
        Assert.Null(whole.More);
        Assert.Equal(whole.Holds.Length, whole.Brackets.Sum(b => b.Deposits + b.Letters));
        var paged = new List<GetHolds.Hold>();
        for (Guid? after = null; ;)
        {
            var page = await AskAsync<GetHolds.Response>($"reports/holds?limit=2{(after is null ? "" : $"&after={after}")}", Roles.Finance);
            paged.AddRange(page.Holds);
            Assert.Equal(whole.Brackets, page.Brackets);
            if ((after = page.More) is null) break;
            Assert.Equal(2, page.Holds.Length);
        }
        Assert.Equal(whole.Holds, paged);
        Assert.Equal([("guarantee-letter", letter.LetterId)], paged.Where(h => h.BidderName == guaranteed.Name).Select(h => (h.Kind, h.Id)));

        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        foreach (var bidder in bidders) await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        var owed = await AskAsync<GetRefundsDue.Response>("reports/refunds", Roles.Finance);
        Assert.Equal((owed.Refunds.Length, null), (owed.Totals.Sum(t => t.Refunds), owed.More));
        var first = await AskAsync<GetRefundsDue.Response>("reports/refunds?limit=2", Roles.Finance);
        var rest = await AskAsync<GetRefundsDue.Response>($"reports/refunds?after={first.More}", Roles.Finance);
        Assert.Equal(owed.Refunds, first.Refunds.Concat(rest.Refunds));
        Assert.Equal(owed.Totals, first.Totals);
        foreach (var path in new[] { $"reports/holds?after={Guid.NewGuid()}", $"reports/refunds?after={Guid.NewGuid()}", "reports/holds?limit=0", "reports/refunds?limit=20001" })
            Assert.Equal(HttpStatusCode.BadRequest, (await host.As(Roles.Finance).GetAsync($"/api/escrow/{path}")).StatusCode);
    }

    [Fact]
    public async Task Payments_for_several_bidders_from_one_account_are_told_after_the_opening_and_not_before()
    {
        var lot = await host.PublishAsync();
        var (owner, friend, stranger) = (await host.RegisterAsync(lot), await host.RegisterAsync(lot), await host.SecureAsync(lot));
        await host.TakenAsync(host.NoticeOf(lot, owner));
        // Sent back, since it is not the friend's own account; and a trace all the same, however the bank writes the number.
        var spaced = string.Join(' ', owner.BasicNumber.Chunk(4).Select(c => new string(c)));
        Assert.Equal("deposit-wrong-payer", (await host.TakenAsync(host.NoticeOf(lot, friend) with { PayerAccount = spaced, PayerName = owner.Name })).Code);
        Assert.DoesNotContain(await host.PublishedAsync<SharedPayerFound, EscrowDb>(), e => e.LotId == lot.LotId);
        await OpenAsync(lot);
        await host.HearAsync(lot.Opened(host.Clock.GetUtcNow()));
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, stranger, GetDeposit.DepositState.Released);
        var found = Assert.Single(await host.PublishedAsync<SharedPayerFound, EscrowDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((owner.BasicNumber, "C6", "条40(六)"), (found.PayerAccount, found.Rule, found.Article));
        Assert.Equal([(owner.Id, "secured"), (friend.Id, "suspense")], found.Payments.OrderBy(p => p.Outcome, StringComparer.Ordinal).Select(p => (p.BidderId, p.Outcome)));
    }

    [Fact]
    public async Task A_lot_that_fails_unopened_keeps_no_secret_from_supervision()
    {
        var lot = await host.PublishAsync();
        var (owner, friend) = (await host.RegisterAsync(lot), await host.RegisterAsync(lot));
        await host.TakenAsync(host.NoticeOf(lot, owner));
        await host.TakenAsync(host.NoticeOf(lot, friend) with { PayerAccount = owner.BasicNumber });
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => (await host.PublishedAsync<SharedPayerFound, EscrowDb>()).Any(e => e.LotId == lot.LotId), "the finding");
    }

    [Fact]
    public async Task A_forfeit_is_told_again_when_the_treasury_has_it()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        var number = $"D-{Guid.NewGuid():N}";
        Assert.Equal(HttpStatusCode.Created, (await host.As(Roles.Finance).PostAsync("/api/escrow/deposits/forfeitures", new ForfeitDeposit.Request(lot.LotId, bidder.Id, null, number, new string('a', 64)))).StatusCode);
        var order = Assert.Single(await host.OrdersAsync(), o => o.Purpose.Contains(number, StringComparison.Ordinal));
        Assert.Equal((lot.Deposit, EscrowHost.TreasuryAccount, EscrowHost.TreasuryName), (order.Amount, order.ToAccount, order.ToName));
        Assert.DoesNotContain(await host.PublishedAsync<ForfeitPaid, EscrowDb>(), e => e.LotId == lot.LotId);
        await host.ConfirmAsync(order.Id, $"P{order.Id:N}");
        Assert.Single(await host.PublishedAsync<ForfeitPaid, EscrowDb>(), e => e.LotId == lot.LotId && e.BidderId == bidder.Id && e.Amount == lot.Deposit && e.DecisionNumber == number);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Without_an_account_of_the_treasury_nothing_is_kept()
    {
        var lot = await host.PublishAsync(currency: "KRW");
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(bidder.NotOpened(lot, "revoked", host.Clock.GetUtcNow()));
        await host.RegisterAsync(lot);
        var answer = await host.As(Roles.Finance).PostAsync("/api/escrow/deposits/forfeitures", new ForfeitDeposit.Request(lot.LotId, bidder.Id, null, "D", new string('a', 64)));
        Assert.Equal((HttpStatusCode.Conflict, "treasury-account-unknown"), (answer.StatusCode, await answer.CodeAsync()));
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        await host.BooksHoldAsync();
    }
}
