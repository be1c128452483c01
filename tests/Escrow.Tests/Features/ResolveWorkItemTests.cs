using System.Net;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class ResolveWorkItemTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private const string Document = "BANK-2026-17";

    private CamtText File(params CamtLine[] lines) => new(false, 8, lines) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()), Currency = lines[0].Currency };

    /// <summary>Imports one line that must end on the work list, and gives its item.</summary>
    private async Task<ListWorkItems.Item> ListedAsync(CamtLine line, string code)
    {
        var report = Assert.Single((await host.ImportedAsync(File(line))).Entries);
        Assert.Equal((Outcome.Listed, code), (report.Outcome, report.Code));
        await host.BooksHoldAsync();
        return await ItemAsync(line.Reference!);
    }

    private async Task<ListWorkItems.Item> ItemAsync(string reference, bool all = false)
    {
        for (var after = 0L; ;)
        {
            var page = await EscrowHost.ReadAsync<ListWorkItems.Item[]>(await host.As(Roles.Finance).GetAsync($"/api/escrow/work-items?after={after}&all={(all ? "true" : "false")}"));
            if (page.FirstOrDefault(i => i.Reference == reference) is { } found) return found;
            Assert.True(page.Length > 0, $"{reference} is not on the list");
            after = page[^1].Sequence;
        }
    }

    private Task<HttpResponseMessage> AskAsync(Guid item, ResolveWorkItem.Request request, Guid? person = null) => host.As(Roles.Finance, person: person).PostAsync($"/api/escrow/work-items/{item}/resolution", request);

    private async Task<ResolveWorkItem.Response> ResolvedAsync(Guid item, ResolveWorkItem.Request request, LotOf? lot = null, Bidder? bidder = null)
    {
        var person = Guid.CreateVersion7();
        var answer = await AskAsync(item, request, person);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        await host.BooksHoldAsync();
        // Supervision is told who decided what, by which document, and whom it concerns; nobody else is.
        var row = Assert.Single(await host.InDbAsync((EscrowDb db) => db.Set<OutboxEvent>().AsNoTracking().Where(e => e.Type == "escrow.work-item-resolved" && e.Payload.Contains($"\"workItemId\":\"{item}\"")).ToListAsync()));
        var told = System.Text.Json.JsonSerializer.Deserialize<WorkItemResolved>(row.Payload, Outbox.Json)!;
        Assert.Equal((person, Disclosure.Never, lot?.TenderId, lot?.TenderId), (row.PersonId, row.SecretUntil, row.TenderId, told.TenderId));
        Assert.Equal((request.DocumentNumber, request.DocumentHash, lot?.LotId, bidder?.Id, request.OtherItem), (told.DocumentNumber, told.DocumentHash, told.LotId, told.BidderId, told.OtherItemId));
        Assert.Equal(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName($"{request.Resolution}"), told.Resolution);
        return await EscrowHost.ReadAsync<ResolveWorkItem.Response>(answer);
    }

    private async Task RefusedAsync(Guid item, ResolveWorkItem.Request request, string code)
    {
        var answer = await AskAsync(item, request);
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
        await host.BooksHoldAsync();
    }

    private async Task<(LotOf Lot, Bidder Bidder)> BidderAsync()
    {
        var lot = await host.PublishAsync();
        return (lot, await host.RegisterAsync(lot));
    }

    [Fact]
    public async Task A_payment_under_another_name_is_for_a_person_who_may_assign_it_by_a_document()
    {
        var (lot, bidder) = await BidderAsync();
        var item = await ListedAsync((host.NoticeOf(lot, bidder) with { PayerName = "Somebody Else" }).Line, "payer-name-differs");
        Assert.DoesNotContain(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Contains(item.Suggestions, s => s.Resolution == Resolution.Assign && s.Reason.Contains("exactly the deposit", StringComparison.Ordinal) && s.Reason.Contains("basic account", StringComparison.Ordinal));
        await RefusedAsync(item.Id, new(Resolution.Fee, Document), "resolution-wrong-direction");
        await RefusedAsync(item.Id, new(Resolution.Assign, Document, SubAccount: VirtualAccountNumber.New()), "deposit-unknown-account");
        await ResolvedAsync(item.Id, new(Resolution.Assign, Document, new string('a', 64), bidder.AccountNumber), lot, bidder);
        Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        await RefusedAsync(item.Id, new(Resolution.SendBack, Document), "work-item-resolved");
        var resolved = await ItemAsync(item.Reference, all: true);
        Assert.Equal((WorkItemStage.Resolved, Resolution.Assign, Document), (resolved.Stage, resolved.Resolution, resolved.DocumentNumber));
    }

    [Fact]
    public async Task Names_that_only_look_different_are_the_same()
    {
        var (lot, bidder) = await BidderAsync();
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(host.NoticeOf(lot, bidder) with { PayerName = " " + bidder.Name.ToUpperInvariant().Replace(" ", "  ", StringComparison.Ordinal) + "。" })).Outcome);
    }

    [Fact]
    public async Task A_payment_whose_account_stands_in_the_payers_text_is_suggested_and_not_guessed()
    {
        var (lot, bidder) = await BidderAsync();
        var line = host.NoticeOf(lot, bidder).Line with { CreditorAccount = null, DebtorAccount = "777", Remittance = $"deposit to {bidder.AccountNumber}, thank you" };
        var item = await ListedAsync(line, "no-virtual-account");
        Assert.Contains(item.Suggestions, s => s.Resolution == Resolution.Assign && s.Reason.Contains("payer's text", StringComparison.Ordinal));
        var sent = await ResolvedAsync(item.Id, new(Resolution.SendBack, Document));
        Assert.Single(await host.OrdersAsync(), o => o.Id == sent.OrderId && o.ToAccount == "777" && o.Amount == lot.Deposit);
    }

    [Fact]
    public async Task Without_a_sender_money_goes_nowhere_before_a_document_names_one()
    {
        var (lot, bidder) = await BidderAsync();
        var item = await ListedAsync(host.NoticeOf(lot, bidder).Line with { DebtorAccount = null }, "payer-unknown");
        await RefusedAsync(item.Id, new(Resolution.SendBack, Document), "payee-needed");
        var sent = await ResolvedAsync(item.Id, new(Resolution.SendBack, Document, ToAccount: "888", ToName: "A payer"), lot, bidder);
        Assert.Single(await host.OrdersAsync(), o => o.Id == sent.OrderId && o.ToAccount == "888");
    }

    [Fact]
    public async Task A_day_without_a_time_on_the_day_of_the_deadline_is_for_a_person_who_names_the_moment()
    {
        var (lot, bidder) = await BidderAsync();
        host.Clock.MoveTo(lot.BidDeadline.AddMinutes(1));
        var item = await ListedAsync(host.NoticeOf(lot, bidder).Line with { BookedAt = null, Day = host.Today }, "booking-time-unknown");
        await RefusedAsync(item.Id, new(Resolution.Assign, Document, SubAccount: bidder.AccountNumber, BookedAt: lot.BidDeadline), "deposit-too-late");
        await RefusedAsync(item.Id, new(Resolution.Assign, Document, SubAccount: bidder.AccountNumber, BookedAt: lot.BidDeadline.AddDays(-1)), "booking-day-differs");
        await ResolvedAsync(item.Id, new(Resolution.Assign, Document, SubAccount: bidder.AccountNumber, BookedAt: lot.BidDeadline.AddSeconds(-1)), lot, bidder);
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
    }

    [Fact]
    public async Task What_the_bank_takes_and_pays_for_itself_is_fee_and_interest()
    {
        await BidderAsync();
        var fee = await ListedAsync(new CamtLine($"F{Guid.NewGuid():N}", "12.50", IsCredit: false) { BookedAt = EscrowHost.Text(host.Clock.GetUtcNow()), ValueDay = null }, "debit-unknown");
        Assert.Contains(fee.Suggestions, s => s.Resolution == Resolution.Fee);
        await ResolvedAsync(fee.Id, new(Resolution.Fee, Document));
        var interest = await ListedAsync(new CamtLine($"I{Guid.NewGuid():N}", "3.21") { BookedAt = EscrowHost.Text(host.Clock.GetUtcNow()), ValueDay = null, Remittance = "结息" }, "no-virtual-account");
        Assert.Contains(interest.Suggestions, s => s.Resolution == Resolution.Interest);
        await ResolvedAsync(interest.Id, new(Resolution.Interest, Document));
    }

    private async Task<(LotOf Lot, Bidder Bidder, PaymentOrder Order)> OrderedAsync()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        var item = Assert.Single(await host.OrdersToAsync(bidder));
        return (lot, bidder, (await host.InDbAsync((EscrowDb db) => db.PaymentOrders.FindAsync(item.Id).AsTask()))!);
    }

    private CamtLine BroughtBack(PaymentOrder order, string reference) => host.PaidLine(order, reference) with
    {
        IsCredit = true, Reversal = true, ReturnReason = "AC04", CreditorAccount = null, CreditorName = null, DebtorAccount = order.ToAccount, DebtorName = order.ToName,
    };

    [Fact]
    public async Task A_refund_that_comes_back_is_owed_again_until_it_is_paid_anew()
    {
        var (lot, bidder, order) = await OrderedAsync();
        await host.ImportedAsync(File(host.PaidLine(order, $"P{order.Id:N}")));
        Assert.Equal(GetDeposit.DepositState.Refunded, (await host.DepositAsync(lot, bidder)).State);
        var item = await ListedAsync(BroughtBack(order, $"R{order.Id:N}"), "payment-came-back");
        Assert.Equal((order.Id, GetDeposit.DepositState.Released), (item.OrderId, (await host.DepositAsync(lot, bidder)).State));
        Assert.Single(await host.PublishedAsync<RefundReturned, EscrowDb>(), e => e.BidderId == bidder.Id && e.Amount == lot.Deposit);
        Assert.Equal(Resolution.SendBack, Assert.Single(item.Suggestions).Resolution);
        // It is the bidder's: neither another's deposit nor the centre's interest.
        await RefusedAsync(item.Id, new(Resolution.Interest, Document), "payment-owed");
        await RefusedAsync(item.Id, new(Resolution.Assign, Document, SubAccount: (await host.RegisterAsync(await host.PublishAsync())).AccountNumber), "payment-owed");

        var anew = await ResolvedAsync(item.Id, new(Resolution.SendBack, Document, ToAccount: "62229999"), lot, bidder);
        var second = (await host.InDbAsync((EscrowDb db) => db.PaymentOrders.FindAsync(anew.OrderId).AsTask()))!;
        Assert.Equal(("62229999", lot.Deposit, order.DepositId), (second.ToAccount, second.Amount, second.DepositId));
        await host.ImportedAsync(File(host.PaidLine(second, $"P{second.Id:N}")));
        Assert.Equal((GetDeposit.DepositState.Refunded, lot.Deposit), ((await host.DepositAsync(lot, bidder)).State, (await host.DepositAsync(lot, bidder)).Refunded));
        Assert.Equal(2, (await host.PublishedAsync<DepositRefunded, EscrowDb>()).Count(e => e.BidderId == bidder.Id));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_return_that_comes_back_is_paid_anew_whatever_the_banks_reference_looks_like()
    {
        var (lot, bidder) = await BidderAsync();
        foreach (var end in new[] { "#7", "#a", "#" })
        {
            var notice = host.NoticeOf(lot, bidder) with { Reference = $"B{Guid.NewGuid():N}{end}", PayerAccount = $"777{Guid.NewGuid():N}"[..30] };
            Assert.Equal(Outcome.Suspense, (await host.TakenAsync(notice)).Outcome);
            for (var attempt = 1; attempt <= 3; attempt++)
            {
                var order = await host.InDbAsync((EscrowDb db) => db.PaymentOrders.SingleAsync(o => o.ToAccount == notice.PayerAccount && o.Stage == PaymentOrderStage.Ordered));
                Assert.Equal((attempt, $"payment:{notice.Reference}"), (order.Attempt, order.Cause));
                await host.ImportedAsync(File(host.PaidLine(order, $"P{order.Id:N}")));
                var item = await ListedAsync(BroughtBack(order, $"R{order.Id:N}"), "payment-came-back");
                await ResolvedAsync(item.Id, new(Resolution.SendBack, Document), lot, bidder);
            }
        }
    }

    [Fact]
    public async Task An_order_paid_twice_and_one_payment_brought_back_undo_each_other()
    {
        var (lot, bidder, order) = await OrderedAsync();
        await host.ImportedAsync(File(host.PaidLine(order, $"P{order.Id:N}")));
        var twice = await ListedAsync(host.PaidLine(order, $"T{order.Id:N}"), "order-paid-twice");
        var back = await ListedAsync(BroughtBack(order, $"R{order.Id:N}"), "double-came-back");
        Assert.Contains(back.Suggestions, s => s.Resolution == Resolution.Offset && s.Target == twice.Id);
        await RefusedAsync(back.Id, new(Resolution.Offset, Document), "other-item-needed");
        await ResolvedAsync(back.Id, new(Resolution.Offset, Document, OtherItem: twice.Id), lot, bidder);
        Assert.Single(await host.PublishedAsync<WorkItemResolved, EscrowDb>(), e => e.WorkItemId == twice.Id && e.OtherItemId == back.Id && e.LotId == lot.LotId);
        Assert.Equal(WorkItemStage.Resolved, (await ItemAsync(twice.Reference, all: true)).Stage);
        Assert.Equal(GetDeposit.DepositState.Refunded, (await host.DepositAsync(lot, bidder)).State);
    }

    [Fact]
    public async Task A_payment_that_shows_no_id_or_differs_is_matched_by_a_person()
    {
        var (lot, bidder, order) = await OrderedAsync();
        var item = await ListedAsync(host.PaidLine(order, $"P{order.Id:N}") with { EndToEndId = null }, "debit-unknown");
        Assert.Contains(item.Suggestions, s => s.Resolution == Resolution.Confirm && s.Target == order.Id);
        await ResolvedAsync(item.Id, new(Resolution.Confirm, Document, OrderId: order.Id), lot, bidder);
        Assert.Equal(order.Id, Assert.Single(await host.PublishedAsync<WorkItemResolved, EscrowDb>(), e => e.WorkItemId == item.Id).OrderId);
        Assert.Equal(GetDeposit.DepositState.Refunded, (await host.DepositAsync(lot, bidder)).State);

        var (_, _, another) = await OrderedAsync();
        var differs = await ListedAsync(host.PaidLine(another, $"P{another.Id:N}") with { Amount = "1.00" }, "order-differs");
        await RefusedAsync(differs.Id, new(Resolution.Confirm, Document, OrderId: another.Id), "order-differs");
    }

    [Fact]
    public async Task A_receipt_that_the_bank_takes_back_leaves_the_bid_unsecured()
    {
        var (lot, bidder) = await BidderAsync();
        var line = host.NoticeOf(lot, bidder).Line with { EndToEndId = $"E{Guid.NewGuid():N}" };
        await host.ImportedAsync(File(line));
        var back = line with { Reference = $"R{Guid.NewGuid():N}", IsCredit = false, Reversal = true, CreditorAccount = line.DebtorAccount, CreditorName = line.DebtorName, DebtorAccount = line.CreditorAccount, DebtorName = null };
        var item = await ListedAsync(back, "receipt-reversed");
        await ResolvedAsync(item.Id, new(Resolution.Undo, Document), lot, bidder);
        Assert.Single(await host.PublishedAsync<DepositRefused, EscrowDb>(), e => e.BidderId == bidder.Id && e.Code == "deposit-reversed");
        Assert.NotEqual(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(host.NoticeOf(lot, bidder))).Outcome);                 // paid again, it is secured again
    }

    [Fact]
    public async Task A_second_payment_that_the_bank_takes_back_leaves_the_deposit_alone()
    {
        var (lot, bidder) = await BidderAsync();
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(host.NoticeOf(lot, bidder))).Outcome);
        var second = host.NoticeOf(lot, bidder).Line with { EndToEndId = $"E{Guid.NewGuid():N}" };
        Assert.Equal("deposit-paid-twice", Assert.Single((await host.ImportedAsync(File(second))).Entries).Code);
        var item = await ListedAsync(second with { Reference = $"R{Guid.NewGuid():N}", IsCredit = false, Reversal = true, CreditorAccount = second.DebtorAccount, CreditorName = second.DebtorName, DebtorAccount = second.CreditorAccount, DebtorName = null }, "receipt-reversed");
        await RefusedAsync(item.Id, new(Resolution.Undo, Document), "deposit-not-held");
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
    }

    [Fact]
    public async Task Batches_are_matched_whether_they_are_told_apart_or_not()
    {
        var (lot, first) = await BidderAsync();
        var line = host.NoticeOf(lot, first).Line;
        var total = EscrowHost.Text(2 * lot.Deposit);
        var batch = line with { Amount = total, Parts = [(null, EscrowHost.Text(lot.Deposit)), (null, EscrowHost.Text(lot.Deposit))] };
        Assert.Equal([(Outcome.Secured, null), (Outcome.Refused, "deposit-paid-twice")], (await host.ImportedAsync(File(batch))).Entries.Select(e => (e.Outcome!.Value, e.Code)));
        Assert.All((await host.ImportedAsync(File(batch with { Parts = [(null, null), (null, null)] }))).Entries, e => Assert.Equal("known", e.State));
        Assert.Equal("known", Assert.Single((await host.ImportedAsync(File(line with { Amount = total, Reference = batch.Reference }))).Entries.Take(1)).State);
        Assert.Equal("bank-reference-reused", await (await host.ImportAsync(File(line with { Amount = EscrowHost.Text((2 * lot.Deposit) + 1) }))).CodeAsync());
        await ListedAsync(batch with { Reference = $"U{Guid.NewGuid():N}", Parts = [("x1", null), ("x2", null)] }, "batch-not-told-apart");
    }

    [Fact]
    public async Task What_is_pending_moves_nothing_until_it_is_booked()
    {
        var (lot, bidder) = await BidderAsync();
        var line = host.NoticeOf(lot, bidder).Line;
        Assert.Equal("pending", Assert.Single((await host.ImportedAsync(File(line with { Status = "PDNG" }))).Entries).State);
        Assert.Equal(GetDeposit.DepositState.None, (await host.DepositAsync(lot, bidder)).State);
        Assert.Equal("booked", Assert.Single((await host.ImportedAsync(File(line))).Entries).State);
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
    }

    [Fact]
    public async Task Only_finance_sees_and_resolves_the_list()
    {
        foreach (var role in Roles.All.Where(r => r != Roles.Finance))
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/work-items")).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync($"/api/escrow/work-items/{Guid.NewGuid()}/resolution", new ResolveWorkItem.Request(Resolution.Fee, Document))).StatusCode);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(Guid.NewGuid(), new(Resolution.Fee, Document))).StatusCode);
    }
}
