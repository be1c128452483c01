using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

/// <summary>Each test keeps a currency of its own: days are signed by currency.</summary>
public class CloseDayTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<BankNotice> PaymentAsync(string currency)
    {
        var lot = await host.PublishAsync(currency: currency);
        return host.NoticeOf(lot, await host.RegisterAsync(lot));
    }

    private CamtText Statement(string currency, string day, string opening, params CamtLine[] lines) =>
        new(true, 8, lines) { Currency = currency, Day = day, Opening = opening, CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };

    private async Task<GetReconciliation.Response> ReadAsync(string currency, string day) =>
        await EscrowHost.ReadAsync<GetReconciliation.Response>(await host.As(Roles.Finance).GetAsync($"/api/escrow/days/{day}/reconciliation?currency={currency}"));

    private Task<HttpResponseMessage> CloseAsync(string currency, string day, string hash, Guid? person = null) =>
        host.As(Roles.Finance, person: person).PostAsync($"/api/escrow/days/{day}/close", new CloseDay.Request(currency, hash));

    private async Task RefusedAsync(string currency, string day, string code, string? hash = null, Guid? person = null)
    {
        var answer = await CloseAsync(currency, day, hash ?? (await ReadAsync(currency, day)).Hash, person);
        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, await answer.CodeAsync()));
    }

    private string NextDay()
    {
        var day = host.Today;
        host.Clock.Advance(TimeSpan.FromDays(1));
        return day;
    }

    [Fact]
    public async Task A_signed_day_takes_no_more_entries_and_what_comes_for_it_goes_to_a_person_in_the_next()
    {
        var notice = await PaymentAsync("XCA");
        await host.TakenAsync(notice);
        await RefusedAsync("XCA", host.Today, "day-not-over");
        var day = NextDay();
        await RefusedAsync("XCA", day, "day-differs");                                             // its statement is missing
        await host.ImportedAsync(Statement("XCA", day, "0", notice.Line), Roles.Finance);
        var report = await ReadAsync("XCA", day);
        Assert.Empty(report.Report.Differences);
        Assert.Equal((1, notice.Amount, notice.Amount, notice.Amount), (report.Report.Receipts, report.Report.Received, report.Report.Closing, report.Report.Ledger));
        await RefusedAsync("XCA", day, "report-changed", new string('0', 64));
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCA", day, report.Hash)).StatusCode);
        Assert.Single(await host.PublishedAsync<DayClosed, EscrowDb>(), e => e.Currency == "XCA" && e.ReportHash == report.Hash);
        await RefusedAsync("XCA", day, "day-closed", report.Hash);

        // Told too late: it counts now, and a person decides.
        var late = notice.Line with { Reference = $"L{Guid.NewGuid():N}" };
        var listed = Assert.Single((await host.ImportedAsync(new CamtText(false, 8, late) { Currency = "XCA", CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) })).Entries);
        Assert.Equal((Outcome.Listed, "day-closed"), (listed.Outcome, listed.Code));
        var shown = await ReadAsync("XCA", day);
        Assert.Equal((report.Hash, true), (shown.Hash, shown.Signature is not null));              // as it was signed
        await host.BooksHoldAsync();

        // By the database too, whoever writes.
        await ForbiddenAsync($"insert into transfer (id, chain, kind, debit_account, credit_account, amount, posted, held, currency, code, reference, booked_at) values (gen_random_uuid(), gen_random_uuid(), 'Transfer', gen_random_uuid(), gen_random_uuid(), 1, 1, 0, 'XCA', 'x', 'x', '{day}T01:00:00Z')");
        await ForbiddenAsync($"insert into bank_entry (reference, entry_reference, is_credit, account_number, amount, currency, counterparty_account, counterparty_name, booked_at, booking_day, transfer_id, outcome, recorded_at) values ('X', 'X', true, '', 1, 'XCA', '', '', '{day}T01:00:00Z', '{day}', gen_random_uuid(), 'Secured', now())");
        await ForbiddenAsync("update day_close set closing = 0");
        await ForbiddenAsync("delete from day_close");
    }

    // Who brings it may have looked at the clock before the signature, and come to book only after it; or its clock is slow.
    [Fact]
    public async Task What_comes_for_a_signed_day_counts_in_the_next_whatever_the_clocks_say()
    {
        var notice = await PaymentAsync("XCF");
        await host.TakenAsync(notice);
        var first = NextDay();
        await host.ImportedAsync(Statement("XCF", first, "0", notice.Line));
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCF", first, (await ReadAsync("XCF", first)).Hash)).StatusCode);
        host.Clock.Advance(TimeSpan.FromSeconds(-1));
        var late = notice.Line with { Reference = $"L{Guid.NewGuid():N}" };
        Assert.Equal("day-closed", Assert.Single((await host.ImportedAsync(new CamtText(false, 8, late) { Currency = "XCF", CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) })).Entries).Code);
        var second = NextDay();
        await host.ImportedAsync(Statement("XCF", second, EscrowHost.Text(notice.Amount, "XCF"), late));
        Assert.Empty((await ReadAsync("XCF", second)).Report.Differences);
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCF", second, (await ReadAsync("XCF", second)).Hash)).StatusCode);
        var third = NextDay();
        await host.ImportedAsync(Statement("XCF", third, EscrowHost.Text(2 * notice.Amount, "XCF")));
        Assert.Empty((await ReadAsync("XCF", third)).Report.Differences);
    }

    // The bank told of them when the day was signed; what they are is judged as ever.
    [Fact]
    public async Task A_refund_brought_back_on_a_signed_day_is_owed_again_and_paid_anew()
    {
        var lot = await host.PublishAsync(currency: "XCG");
        var bidder = await host.RegisterAsync(lot);
        var notice = host.NoticeOf(lot, bidder);
        await host.TakenAsync(notice);
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await host.EventuallyDepositAsync(lot, bidder, GetDeposit.DepositState.Released);
        var order = await OrderAsync(Assert.Single(await host.OrdersToAsync(bidder)).Id);
        CamtLine PaidLine(string reference, PaymentOrder of) => host.PaidLine(of, reference) with { BookedAt = EscrowHost.Text(notice.BookedAt) };
        CamtText File(CamtLine line) => new(false, 8, line) { Currency = "XCG", CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        var (paid, twice) = (PaidLine($"P{order.Id:N}", order), PaidLine($"T{order.Id:N}", order));
        CamtLine Back(string reference) => paid with { Reference = reference, IsCredit = true, Reversal = true, ReturnReason = "AC04", CreditorAccount = null, CreditorName = null, DebtorAccount = order.ToAccount, DebtorName = order.ToName };
        await host.ImportedAsync(File(paid));
        var day = NextDay();
        await host.ImportedAsync(Statement("XCG", day, "0", notice.Line, paid));
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCG", day, (await ReadAsync("XCG", day)).Hash)).StatusCode);

        async Task<WorkItem> ListedAsync(CamtLine line, string code)
        {
            Assert.Equal("day-closed", Assert.Single((await host.ImportedAsync(File(line))).Entries).Code);
            var item = await host.InDbAsync((EscrowDb db) => db.WorkItems.AsNoTracking().SingleAsync(i => i.Reference == line.Reference));
            Assert.Equal((code, true), (item.Code, item.Reason.Contains("a day that is signed", StringComparison.Ordinal)));
            await host.BooksHoldAsync();
            return item;
        }
        Task<HttpResponseMessage> ResolveAsync(WorkItem item, ResolveWorkItem.Request request) => host.As(Roles.Finance).PostAsync($"/api/escrow/work-items/{item.Id}/resolution", request);

        // Paid twice, and one of the two brought back: they undo each other, and the bidder is owed nothing.
        var (double1, double2) = (await ListedAsync(twice, "order-paid-twice"), await ListedAsync(Back($"D{order.Id:N}"), "double-came-back"));
        Assert.Equal(GetDeposit.DepositState.Refunded, (await host.DepositAsync(lot, bidder)).State);
        Assert.Equal(HttpStatusCode.OK, (await ResolveAsync(double2, new(Resolution.Offset, "B-1", OtherItem: double1.Id))).StatusCode);

        var item = await ListedAsync(Back($"R{order.Id:N}"), "payment-came-back");
        Assert.Equal(GetDeposit.DepositState.Released, (await host.DepositAsync(lot, bidder)).State);
        Assert.Single(await host.PublishedAsync<RefundReturned, EscrowDb>(), e => e.BidderId == bidder.Id && e.Amount == lot.Deposit);
        Assert.Equal("payment-owed", await (await ResolveAsync(item, new(Resolution.Interest, "B-2"))).CodeAsync());
        var answer = await ResolveAsync(item, new(Resolution.SendBack, "B-2"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var anew = (await EscrowHost.ReadAsync<ResolveWorkItem.Response>(answer)).OrderId!.Value;
        Assert.True((await host.ConfirmAsync(anew, $"P{anew:N}")).IsSuccessStatusCode);
        Assert.Equal(GetDeposit.DepositState.Refunded, (await host.DepositAsync(lot, bidder)).State);
        await host.BooksHoldAsync();
        // It counts in the next open day.
        var shown = (await ReadAsync("XCG", day)).Report;
        Assert.Equal((0, 2), (shown.Ledger, shown.Entries.Length));
        var next = NextDay();
        var late = await host.InDbAsync((EscrowDb db) => db.BankEntries.Where(e => e.Currency == "XCG" && e.Code == "day-closed").CountAsync());
        Assert.Equal((3, 0), (late, (await ReadAsync("XCG", next)).Report.Ledger));
    }

    private async Task<PaymentOrder> OrderAsync(Guid id) => (await host.InDbAsync((EscrowDb db) => db.PaymentOrders.FindAsync(id).AsTask()))!;

    private async Task ForbiddenAsync(string sql)
    {
        foreach (var connection in new[] { host.ConnectionString, new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString })
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var command = source.CreateCommand(sql);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
            Assert.Contains(refused.SqlState, new[] { "23001", "42501" });
        }
    }

    [Fact]
    public async Task Days_are_signed_in_their_order()
    {
        var notice = await PaymentAsync("XCB");
        await host.TakenAsync(notice);
        var first = NextDay();
        var second = await PaymentAsync("XCB");
        await host.TakenAsync(second);
        var day = NextDay();
        await host.ImportedAsync(Statement("XCB", first, "0", notice.Line));
        await host.ImportedAsync(Statement("XCB", day, EscrowHost.Text(notice.Amount, "XCB"), second.Line));
        await RefusedAsync("XCB", day, "earlier-day-open");
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCB", first, (await ReadAsync("XCB", first)).Hash)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCB", day, (await ReadAsync("XCB", day)).Hash)).StatusCode);
    }

    [Fact]
    public async Task Whatever_differs_is_listed_and_keeps_the_day_open()
    {
        var (told, untold) = (await PaymentAsync("XCC"), await PaymentAsync("XCC"));
        await host.TakenAsync(told);
        await host.TakenAsync(untold);
        var day = NextDay();
        // The bank opens with what nobody knows, and does not show what it had told.
        var import = await host.ImportedAsync(Statement("XCC", day, "5.00", told.Line));
        Assert.Equal(0, Assert.Single(import.Statements).Gap);                                   // the first statement has nothing before it
        var report = await ReadAsync("XCC", day);
        Assert.Equal(["balance-differs", "entry-not-stated"], report.Report.Differences.Select(d => d.Code).Order());
        Assert.Equal(5_00 - untold.Amount, report.Report.Differences.Single(d => d.Code == "balance-differs").Amount);
        Assert.False(report.MayBeSigned);
        await RefusedAsync("XCC", day, "day-differs");

        var next = NextDay();
        Assert.Equal(-1_00, Assert.Single((await host.ImportedAsync(Statement("XCC", next, EscrowHost.Text(told.Amount + 4_00, "XCC")))).Statements).Gap);
        Assert.Contains((await ReadAsync("XCC", next)).Report.Differences, d => d.Code == "statement-gap" && d.Amount == -1_00);
    }

    [Fact]
    public async Task Who_resolved_an_entry_of_the_day_does_not_sign_it()
    {
        var notice = await PaymentAsync("XCD");
        var line = notice.Line with { DebtorName = "Somebody Else" };
        await host.ImportedAsync(new CamtText(false, 8, line) { Currency = "XCD", CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) });
        var item = await host.InDbAsync((EscrowDb db) => db.WorkItems.SingleAsync(i => i.Currency == "XCD"));
        var day = NextDay();
        await host.ImportedAsync(Statement("XCD", day, "0", line));
        Assert.Contains((await ReadAsync("XCD", day)).Report.Open, o => o.Code == "payer-name-differs" && o.Amount == notice.Amount);
        var person = Guid.CreateVersion7();
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Finance, person: person).PostAsync($"/api/escrow/work-items/{item.Id}/resolution", new ResolveWorkItem.Request(Resolution.SendBack, "D-1"))).StatusCode);
        await RefusedAsync("XCD", day, "second-person-needed", person: person);
        Assert.Equal(HttpStatusCode.Created, (await CloseAsync("XCD", day, (await ReadAsync("XCD", day)).Hash)).StatusCode);
    }

    [Fact]
    public async Task The_report_comes_as_a_table_for_a_spreadsheet_and_as_a_page_for_print()
    {
        var notice = await PaymentAsync("XCE");
        await host.TakenAsync(notice);
        var path = $"/api/escrow/days/{host.Today}/reconciliation?currency=XCE";
        var page = await host.As(Roles.Finance).GetStringAsync(path + "&format=html");
        Assert.Contains("银行对账单核对", page, StringComparison.Ordinal);
        Assert.Contains(notice.Reference, page, StringComparison.Ordinal);
        Assert.Contains("statement-missing", await host.As(Roles.Finance).GetStringAsync(path + "&format=csv"), StringComparison.Ordinal);
        foreach (var role in Roles.All.Where(r => r != Roles.Finance)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync(path)).StatusCode);
        foreach (var bad in new[] { "/api/escrow/days/yesterday/reconciliation?currency=XCE", $"/api/escrow/days/{host.Today}/reconciliation?currency=yuan", $"/api/escrow/days/{host.Today}/reconciliation", "/api/escrow/days/0001-01-01/reconciliation?currency=XCE" })
            Assert.Equal(HttpStatusCode.BadRequest, (await host.As(Roles.Finance).GetAsync(bad)).StatusCode);
        foreach (var day in new[] { "0001-01-01", "9999-12-31" }) Assert.Equal(HttpStatusCode.BadRequest, (await CloseAsync("XCE", day, new string('0', 64))).StatusCode);
    }
}
