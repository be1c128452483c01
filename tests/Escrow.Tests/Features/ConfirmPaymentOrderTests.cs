using System.Net;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Testing;
using static Tendering.Escrow.Features.GetDeposit;

namespace Tendering.Escrow.Tests.Features;

public class ConfirmPaymentOrderTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<(LotOf Lot, Bidder Bidder, ListPaymentOrders.Item Order)> OrderedAsync()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, DepositState.Released);
        return (lot, bidder, Assert.Single(await host.OrdersToAsync(bidder)));
    }

    private async Task<IReadOnlyList<DepositRefunded>> RefundsOf(Bidder bidder) => [.. (await host.PublishedAsync<DepositRefunded, EscrowDb>()).Where(e => e.BidderId == bidder.Id)];

    [Fact]
    public async Task A_confirmed_order_ends_the_deposit_and_is_told_once_however_often_it_is_confirmed()
    {
        var (lot, bidder, order) = await OrderedAsync();
        var reference = $"P{order.Id:N}";
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.ConfirmAsync(order.Id, reference)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.StatusCode));
        var refunded = Assert.Single(await RefundsOf(bidder));
        Assert.Equal((lot.LotId, lot.Deposit, reference, host.Clock.GetUtcNow()), (refunded.LotId, refunded.Amount, refunded.BankReference, refunded.RefundedAt));
        var deposit = await host.DepositAsync(lot, bidder);
        Assert.Equal((DepositState.Refunded, lot.Deposit), (deposit.State, deposit.Refunded));
        Assert.Empty(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task An_order_that_the_bank_pays_twice_counts_once_and_the_second_payment_is_for_a_person()
    {
        var (_, bidder, order) = await OrderedAsync();
        Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).IsSuccessStatusCode);
        var again = await EscrowHost.ReadAsync<ImportBankFile.Response>(await host.ConfirmAsync(order.Id, $"Q{order.Id:N}"));
        Assert.Equal((Outcome.Listed, "order-paid-twice"), (Assert.Single(again.Entries).Outcome, again.Entries[0].Code));
        Assert.Single(await RefundsOf(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Of_several_confirmations_at_once_one_counts()
    {
        var (_, bidder, order) = await OrderedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => host.ConfirmAsync(order.Id, $"P{n}{order.Id:N}"[..32])));
        var lines = await Task.WhenAll(answers.Select(async a => (await EscrowHost.ReadAsync<ImportBankFile.Response>(a)).Entries[0]));
        Assert.Single(lines, l => l.Outcome == Outcome.Paid);
        Assert.Equal(5, lines.Count(l => l.Code == "order-paid-twice"));
        Assert.Single(await RefundsOf(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task An_entry_of_the_bank_is_matched_once()
    {
        var (_, bidder, order) = await OrderedAsync();
        var (lot, _, another) = await OrderedAsync();
        Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).IsSuccessStatusCode);
        var reused = await host.ConfirmAsync(another.Id, $"P{order.Id:N}");
        Assert.Equal((HttpStatusCode.Conflict, "bank-reference-reused"), (reused.StatusCode, await reused.CodeAsync()));
        var notice = await host.NotifyAsync(host.NoticeOf(lot, bidder) with { Reference = $"P{order.Id:N}" });
        Assert.Equal((HttpStatusCode.Conflict, "bank-reference-reused"), (notice.StatusCode, await notice.CodeAsync()));
        Assert.Single(await host.OrdersAsync(), o => o.Id == another.Id);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_payment_that_was_sent_back_is_no_refund_of_a_deposit()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        await host.TakenAsync(host.NoticeOf(lot, bidder) with { Amount = 1 });
        var order = Assert.Single(await host.OrdersToAsync(bidder));
        Assert.Equal("payment returned: deposit-too-small", order.Purpose);
        Assert.True((await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).IsSuccessStatusCode);
        Assert.Empty(await RefundsOf(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Orders_are_listed_in_sequence_and_by_pages_until_they_are_confirmed()
    {
        for (var n = 0; n < 3; n++) await OrderedAsync();
        var all = await host.OrdersAsync();
        Assert.Equal(all.Select(o => o.Sequence).Order(), all.Select(o => o.Sequence));
        var paged = new List<ListPaymentOrders.Item>();
        for (var after = 0L; ; after = paged[^1].Sequence)
        {
            var page = await EscrowHost.ReadAsync<ListPaymentOrders.Item[]>(await host.As(Roles.Bank).GetAsync($"/api/escrow/payment-orders?after={after}&limit=2"));
            if (page.Length == 0) break;
            paged.AddRange(page);
        }
        Assert.Equal(all.Select(o => o.Id), paged.Select(o => o.Id));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.As(Roles.Bank).GetAsync("/api/escrow/payment-orders?limit=1000")).StatusCode);
    }
}
