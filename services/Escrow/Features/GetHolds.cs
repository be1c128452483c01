using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>What is held, oldest first, and how much of it for how long. A supervisor sees lots from their opening on.</summary>
public static class GetHolds
{
    /// <summary>Days from which a bracket begins.</summary>
    private static readonly int[] Brackets = [0, 31, 61, 91, 181];

    /// <summary>Cut: there are more holds than a report shows; the brackets count them all the same.</summary>
    public sealed record Response(DateTimeOffset AsOf, Bracket[] Brackets, Hold[] Holds, bool IsCut);

    /// <summary>Holds of at least so many days, and fewer than the next bracket's. Letters are counted and not added up: they are no money.</summary>
    public sealed record Bracket(int FromDays, string Currency, int Deposits, long Amount, int Letters);

    public sealed record Hold(string TenderNumber, int LotNumber, string BidderName, string Kind, long Amount, string Currency, DateTimeOffset Since, int Days, string Reference);

    private sealed record Line(string TenderNumber, int LotNumber, string BidderName, string Kind, long Amount, string Currency, DateTimeOffset Since, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/reports/holds", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Holds by age").WithDescription("As JSON, CSV or a page to print (?format=). Supervisors see a lot from its opening on.");

    private static async Task<IResult> Handle(ReportFormat? format, Caller caller, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, openedOnly) = (clock.GetUtcNow(), !caller.Is(Roles.Finance));
        var lines = await db.Database.SqlQuery<Line>($"""
            select l.tender_number as "TenderNumber", l.number as "LotNumber", s.bidder_name as "BidderName", h.kind as "Kind", h.amount as "Amount", h.currency as "Currency", h.since as "Since", h.reference as "Reference"
            from (
              select sub_account_id, 'payment' as kind, amount, currency, secured_at as since, bank_reference as reference from deposit where stage = 'Secured'
              union all
              select sub_account_id, 'guarantee-letter', amount, currency, decided_at, number from guarantee_letter where stage = 'Verified') h
            join sub_account s on s.id = h.sub_account_id join lot l on l.id = s.lot_id
            where not {openedOnly} or l.opened_at is not null
            order by h.since, h.reference
            """).ToListAsync(ct);
        var holds = lines.Select(l => new Hold(l.TenderNumber, l.LotNumber, l.BidderName, l.Kind, l.Amount, l.Currency, l.Since, Math.Max(0, (int)(now - l.Since).TotalDays), l.Reference)).ToArray();
        var brackets = holds.GroupBy(h => (From: Brackets.Last(b => b <= h.Days), h.Currency)).OrderBy(g => g.Key.Currency, StringComparer.Ordinal).ThenBy(g => g.Key.From)
            .Select(g => new Bracket(g.Key.From, g.Key.Currency, g.Count(h => h.Kind == "payment"), g.Where(h => h.Kind == "payment").Sum(h => h.Amount), g.Count(h => h.Kind != "payment"))).ToArray();
        var report = new Response(now, brackets, [.. holds.Take(ReportAnswer.RowsMax)], holds.Length > ReportAnswer.RowsMax);
        return ReportAnswer.Of(http, format, report, "holds", () => TableOf(report));
    }

    private static ReportTable TableOf(Response report) => new("保证金冻结账龄表", "Holds by age",
        [
            new("时间", "As of", ReportCell.TextOf(report.AsOf)),
            .. report.Brackets.Select(b => new ReportFact($"{b.FromDays} 天起", $"from {b.FromDays} days", $"{b.Currency} {Amounts.Text(b.Amount, b.Currency)}（{b.Deposits} 笔 deposits，{b.Letters} 份保函 letters）")),
            .. report.IsCut ? [new ReportFact("未完", "Cut", $"{ReportAnswer.RowsMax}")] : Array.Empty<ReportFact>(),
        ],
        [new("项目", "Tender"), new("标段", "Lot"), new("投标人", "Bidder"), new("方式", "Kind"), new("金额", "Amount"), new("币种", "Currency"), new("起始", "Since"), new("天数", "Days"), new("凭证", "Reference")],
        [.. report.Holds.Select(h => new[]
        {
            ReportCell.Text(h.TenderNumber), ReportCell.Count(h.LotNumber), ReportCell.Text(h.BidderName), ReportCell.Code(h.Kind), ReportCell.Amount(h.Amount, h.Currency), ReportCell.Text(h.Currency),
            ReportCell.Moment(h.Since), ReportCell.Count(h.Days), ReportCell.Text(h.Reference),
        })]);
}
