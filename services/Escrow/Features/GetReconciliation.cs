using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The bank's day against the books. A day that is signed is shown as it was signed.</summary>
public static class GetReconciliation
{
    private static readonly TimeSpan PatienceWithBank = TimeSpan.FromDays(1);

    /// <summary><paramref name="Hash"/> is the SHA-256 of the report: who signs the day names it.</summary>
    public sealed record Response(Reconciliation Report, string Hash, bool MayBeSigned, Signature? Signature);

    public sealed record Signature(Guid Person, DateTimeOffset At);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/days/{day}/reconciliation", Handle)
        .AllowRoles(Roles.Finance).AnswersReport<Response>().WithSummary("A day's reconciliation with the bank")
        .WithDescription("The statement's balances, the books', every entry and every difference, by currency: ?currency=CNY. Entries belong to the bank's booking day; the value day only bears interest.");

    private static async Task<IResult> Handle([Range(typeof(DateOnly), CloseDay.DayMin, CloseDay.DayMax)] DateOnly day, [Required, RegularExpression("^[A-Z]{3}$")] string currency, ReportFormat? format, HttpContext http, EscrowDb db, CancellationToken ct)
    {
        var response = await AskAsync(db, currency, day, ct);
        return ReportAnswer.Of(http, format, response, $"reconciliation-{currency}-{day:yyyy-MM-dd}", () => response.Report.Table(response.Signature is null ? null : $"{ReportCell.TextOf(response.Signature.At)} {response.Hash}"));
    }

    public static async Task<Response> AskAsync(EscrowDb db, string currency, DateOnly day, CancellationToken ct)
    {
        if (await db.DayCloses.AsNoTracking().SingleOrDefaultAsync(c => c.Currency == currency && c.Day == day, ct) is { } close)
            return new Response(JsonSerializer.Deserialize<Reconciliation>(close.Report, Outbox.Json)!, close.ReportHash, false, new Signature(close.ClosedBy, close.ClosedAt));
        var report = await DrawAsync(db, currency, day, ct);
        return new Response(report, HashOf(Text(report)), report.MayBeSigned, null);
    }

    public static string Text(Reconciliation report) => JsonSerializer.Serialize(report, Outbox.Json);

    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private static async Task<Reconciliation> DrawAsync(EscrowDb db, string currency, DateOnly day, CancellationToken ct)
    {
        var statements = await db.BankStatements.AsNoTracking().Where(s => s.Currency == currency && s.Day == day).OrderBy(s => s.Position).Select(s => new StatedDay(s.Number, s.Opening, s.Closing)).ToListAsync(ct);
        var before = await db.BankStatements.Where(s => s.Currency == currency && s.Day < day).OrderByDescending(s => s.Day).ThenByDescending(s => s.Position).Select(s => (long?)s.Closing).FirstOrDefaultAsync(ct);
        // From the first entry on, and not from the last signed balance: whether an entry that came late was in that cannot be told by clocks.
        var ledger = await db.Database.SqlQuery<long>($"""
            select coalesce(sum(case when is_credit then amount else -amount end), 0)::bigint as "Value" from bank_entry where currency = {currency} and booking_day <= {day}
            """).SingleAsync(ct);
        var entries = await db.Database.SqlQuery<Row>($"""
            select e.reference as "Reference", e.is_credit as "IsCredit", e.amount as "Amount", e.booked_at as "BookedAt", e.value_day as "ValueDay", e.counterparty_account as "CounterpartyAccount",
              e.counterparty_name as "CounterpartyName", e.outcome as "Outcome", e.code as "Code", exists (select 1 from statement_entry s where s.reference in (e.entry_reference, e.reference)) as "IsStated"
            from bank_entry e where e.currency = {currency} and e.booking_day = {day} order by e.booked_at, e.reference limit {ReportAnswer.RowsMax}
            """).ToListAsync(ct);
        return Reconciliation.Of(currency, day, statements, before, ledger,
            [.. entries.Select(r => new DayEntry(r.Reference, r.IsCredit, r.Amount, r.BookedAt, r.ValueDay, r.CounterpartyAccount, r.CounterpartyName, Enum.Parse<Outcome>(r.Outcome), r.Code, r.IsStated))],
            await OpenAsync(db, currency, day, ct));
    }

    private static async Task<List<OpenPoint>> OpenAsync(EscrowDb db, string currency, DateOnly day, CancellationToken ct)
    {
        var points = await db.WorkItems.AsNoTracking().Where(i => i.Currency == currency && i.BookingDay <= day && i.Stage == WorkItemStage.Open).OrderBy(i => i.Sequence).Take(ReportAnswer.RowsMax)
            .Select(i => new OpenPoint(i.Code, i.Reference, i.IsCredit, i.Amount, i.Reason)).ToListAsync(ct);
        var until = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) - PatienceWithBank;
        var late = await db.PaymentOrders.AsNoTracking().Where(o => o.Currency == currency && o.Stage == PaymentOrderStage.Ordered && o.OrderedAt < until).OrderBy(o => o.Sequence).Take(ReportAnswer.RowsMax).ToListAsync(ct);
        points.AddRange(late.Select(o => new OpenPoint("order-unpaid", o.EndToEndId, false, o.Amount, "Ordered more than a day before, and the bank has not shown it as paid: ask, and send it again if it was lost.")));
        return points;
    }

    private sealed record Row(
        string Reference, bool IsCredit, long Amount, DateTimeOffset BookedAt, DateOnly? ValueDay, string CounterpartyAccount, string CounterpartyName, string Outcome, string? Code, bool IsStated);
}
