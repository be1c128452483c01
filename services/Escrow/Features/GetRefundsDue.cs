using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Refunds that are not back with their bidders, by the day on which they are due; what is past it is overdue. A supervisor sees lots from their opening on.</summary>
public static class GetRefundsDue
{
    /// <summary>The totals count all, the page shows some. <paramref name="More"/>: the id to go on after, where there are further ones.</summary>
    public sealed record Response(DateTimeOffset AsOf, Total[] Totals, Line[] Refunds, Guid? More);

    public sealed record Total(string Currency, int Refunds, long Amount, long Interest, int Overdue, long OverdueAmount);

    /// <summary>The id is the deposit's. State: waiting (for its run) or ordered (and not confirmed by the bank). Amounts in minor units.</summary>
    public sealed record Line(
        Guid Id, DateTimeOffset DueBy, bool IsOverdue, string TenderNumber, int LotNumber, string BidderName, string Reason, string State, long Amount, long Interest, string Currency, string ToAccount, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/reports/refunds", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Refunds by due date")
        .WithDescription("?overdue=true shows only what is late. As JSON, CSV or a page to print (?format=); pages by ?after=ID. Supervisors see a lot from its opening on.");

    private static async Task<IResult> Handle(
        bool? overdue, Guid? after, [Range(1, ReportAnswer.RowsMax)] int? limit, ReportFormat? format, Caller caller, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, openedOnly, size) = (clock.GetUtcNow(), !caller.Is(Roles.Finance), limit ?? ReportAnswer.RowsMax);
        var until = overdue == true ? now.ToUniversalTime() : DateTimeOffset.MaxValue.ToUniversalTime();
        var lines = await PageAsync(db, after, size + 1, openedOnly, until, now.ToUniversalTime(), ct);
        var report = new Response(now, await CountAsync(db, openedOnly, until, now.ToUniversalTime(), ct), [.. lines.Take(size)], lines.Count > size ? lines[size - 1].Id : null);
        return ReportAnswer.Of(http, format, report, "refunds", () => TableOf(report));
    }

    // Who asks to go on after what was paid meanwhile goes on where it was.
    private static async Task<List<Line>> PageAsync(EscrowDb db, Guid? after, int size, bool openedOnly, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        var (dueBy, id) = after is { } last
            ? (await db.Deposits.Where(d => d.Id == last).Select(d => d.RefundDueBy).SingleOrDefaultAsync(ct) ?? throw new MalformedException("after", "No refund is due for this id: begin with the first page."), last) : (DateTimeOffset.MinValue, Guid.Empty);
        return await db.Database.SqlQuery<Line>($"""
            select d.id as "Id", d.refund_due_by as "DueBy", d.refund_due_by <= {now} as "IsOverdue", l.tender_number as "TenderNumber", l.number as "LotNumber", s.bidder_name as "BidderName",
              coalesce(d.release_reason, '') as "Reason", case d.stage when 'Secured' then 'waiting' else 'ordered' end as "State", d.amount - d.forfeited as "Amount", d.interest as "Interest",
              d.currency as "Currency", d.payer_account as "ToAccount", d.bank_reference as "Reference"
            from deposit d join sub_account s on s.id = d.sub_account_id join lot l on l.id = d.lot_id
            where (d.refund_due_by, d.id) > ({dueBy}, {id}) and d.refund_due_by <= {until} and d.refunded = 0 and d.forfeited < d.amount and d.stage in ('Secured', 'Released', 'Forfeited')
              and (not {openedOnly} or l.opened_at is not null)
            order by d.refund_due_by, d.id limit {size}
            """).ToListAsync(ct);
    }

    private static Task<Total[]> CountAsync(EscrowDb db, bool openedOnly, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) => db.Database.SqlQuery<Total>($"""
        select d.currency as "Currency", count(*)::int as "Refunds", sum(d.amount - d.forfeited)::bigint as "Amount", sum(d.interest)::bigint as "Interest",
          (count(*) filter (where d.refund_due_by <= {now}))::int as "Overdue", coalesce(sum(d.amount - d.forfeited) filter (where d.refund_due_by <= {now}), 0)::bigint as "OverdueAmount"
        from deposit d join lot l on l.id = d.lot_id
        where d.refund_due_by <= {until} and d.refunded = 0 and d.forfeited < d.amount and d.stage in ('Secured', 'Released', 'Forfeited') and (not {openedOnly} or l.opened_at is not null)
        group by d.currency order by d.currency
        """).ToArrayAsync(ct);

    private static ReportTable TableOf(Response report) => new("应退保证金表", "Refunds by due date",
        [
            new("时间", "As of", ReportCell.TextOf(report.AsOf)),
            .. report.Totals.Select(t => new ReportFact($"合计 {t.Currency}", $"total {t.Currency}",
                $"{Amounts.Text(t.Amount, t.Currency)}（{t.Refunds} 笔 refunds），利息 interest {Amounts.Text(t.Interest, t.Currency)}；逾期 overdue {Amounts.Text(t.OverdueAmount, t.Currency)}（{t.Overdue}）")),
            .. report.More is { } more ? [new ReportFact("未完", "More, after", $"{more}")] : Array.Empty<ReportFact>(),
        ],
        [new("应退日期", "Due by"), new("逾期", "Overdue"), new("项目", "Tender"), new("标段", "Lot"), new("投标人", "Bidder"), new("事由", "Reason"), new("状态", "State"), new("金额", "Amount"), new("利息", "Interest"), new("币种", "Currency"), new("收款账号", "To account"), new("凭证", "Reference")],
        [.. report.Refunds.Select(l => new[]
        {
            ReportCell.Moment(l.DueBy), ReportCell.Text(l.IsOverdue ? "是 yes" : ""), ReportCell.Text(l.TenderNumber), ReportCell.Count(l.LotNumber), ReportCell.Text(l.BidderName), ReportCell.Code(l.Reason),
            ReportCell.Code(l.State), ReportCell.Amount(l.Amount, l.Currency), ReportCell.Amount(l.Interest, l.Currency), ReportCell.Text(l.Currency), ReportCell.Text(l.ToAccount), ReportCell.Text(l.Reference),
        })]);
}
