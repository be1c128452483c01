using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Refunds that are not back with their bidders, by the day on which they are due; what is past it is overdue. A supervisor sees lots from their opening on.</summary>
public static class GetRefundsDue
{
    public sealed record Response(DateTimeOffset AsOf, Total[] Totals, Line[] Refunds, bool IsCut);

    public sealed record Total(string Currency, int Refunds, long Amount, long Interest, int Overdue, long OverdueAmount);

    /// <summary>State: waiting (for its run) or ordered (and not confirmed by the bank). Amounts in minor units.</summary>
    public sealed record Line(
        DateTimeOffset DueBy, bool IsOverdue, string TenderNumber, int LotNumber, string BidderName, string Reason, string State, long Amount, long Interest, string Currency, string ToAccount, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/reports/refunds", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Refunds by due date").WithDescription("?overdue=true shows only what is late. As JSON, CSV or a page to print (?format=). Supervisors see a lot from its opening on.");

    private static async Task<IResult> Handle(bool? overdue, ReportFormat? format, Caller caller, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, openedOnly, lateOnly) = (clock.GetUtcNow(), !caller.Is(Roles.Finance), overdue ?? false);
        var lines = await db.Database.SqlQuery<Line>($"""
            select d.refund_due_by as "DueBy", d.refund_due_by <= {now.ToUniversalTime()} as "IsOverdue", l.tender_number as "TenderNumber", l.number as "LotNumber", s.bidder_name as "BidderName",
              coalesce(d.release_reason, '') as "Reason", case d.stage when 'Secured' then 'waiting' else 'ordered' end as "State", d.amount - d.forfeited as "Amount", d.interest as "Interest",
              d.currency as "Currency", d.payer_account as "ToAccount", d.bank_reference as "Reference"
            from deposit d join sub_account s on s.id = d.sub_account_id join lot l on l.id = d.lot_id
            where d.refund_due_by is not null and d.refunded = 0 and d.forfeited < d.amount and d.stage in ('Secured', 'Released', 'Forfeited')
              and (not {openedOnly} or l.opened_at is not null) and (not {lateOnly} or d.refund_due_by <= {now.ToUniversalTime()})
            order by d.refund_due_by, d.id
            """).ToListAsync(ct);
        var totals = lines.GroupBy(l => l.Currency).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Total(g.Key, g.Count(), g.Sum(l => l.Amount), g.Sum(l => l.Interest), g.Count(l => l.IsOverdue), g.Where(l => l.IsOverdue).Sum(l => l.Amount))).ToArray();
        var report = new Response(now, totals, [.. lines.Take(ReportAnswer.RowsMax)], lines.Count > ReportAnswer.RowsMax);
        return ReportAnswer.Of(http, format, report, "refunds", () => TableOf(report));
    }

    private static ReportTable TableOf(Response report) => new("应退保证金表", "Refunds by due date",
        [
            new("时间", "As of", ReportCell.TextOf(report.AsOf)),
            .. report.Totals.Select(t => new ReportFact($"合计 {t.Currency}", $"total {t.Currency}",
                $"{Amounts.Text(t.Amount, t.Currency)}（{t.Refunds} 笔 refunds），利息 interest {Amounts.Text(t.Interest, t.Currency)}；逾期 overdue {Amounts.Text(t.OverdueAmount, t.Currency)}（{t.Overdue}）")),
            .. report.IsCut ? [new ReportFact("未完", "Cut", $"{ReportAnswer.RowsMax}")] : Array.Empty<ReportFact>(),
        ],
        [new("应退日期", "Due by"), new("逾期", "Overdue"), new("项目", "Tender"), new("标段", "Lot"), new("投标人", "Bidder"), new("事由", "Reason"), new("状态", "State"), new("金额", "Amount"), new("利息", "Interest"), new("币种", "Currency"), new("收款账号", "To account"), new("凭证", "Reference")],
        [.. report.Refunds.Select(l => new[]
        {
            ReportCell.Moment(l.DueBy), ReportCell.Text(l.IsOverdue ? "是 yes" : ""), ReportCell.Text(l.TenderNumber), ReportCell.Count(l.LotNumber), ReportCell.Text(l.BidderName), ReportCell.Code(l.Reason),
            ReportCell.Code(l.State), ReportCell.Amount(l.Amount, l.Currency), ReportCell.Amount(l.Interest, l.Currency), ReportCell.Text(l.Currency), ReportCell.Text(l.ToAccount), ReportCell.Text(l.Reference),
        })]);
}
