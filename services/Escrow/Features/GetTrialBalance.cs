using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The sums of the books by currency. Sub-accounts are one line: it names no lot and no bidder.</summary>
public static class GetTrialBalance
{
    public sealed record Response(Line[] Accounts, bool Balanced);

    public sealed record Line(string Code, string Name, string Currency, long Debits, long Credits, long PendingDebits, long PendingCredits);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/trial-balance", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Trial balance").WithDescription("Balanced: debits equal credits, posted and pending, in every currency, and every invariant of the books holds.");

    private static async Task<IResult> Handle(ReportFormat? format, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var balance = await AskAsync(db, ct);
        return ReportAnswer.Of(http, format, balance, "trial-balance", () => TableOf(balance, clock.GetUtcNow()));
    }

    private static async Task<Response> AskAsync(EscrowDb db, CancellationToken ct)
    {
        var lines = await db.Database.SqlQuery<Line>($"""
            select case when a.is_system then a.code else 'sub-accounts:' || lower(a.currency) end as "Code", case when a.is_system then a.name else 'Sub-accounts' end as "Name", a.currency as "Currency",
              sum(coalesce(s.debits, 0))::bigint as "Debits", sum(coalesce(s.credits, 0))::bigint as "Credits",
              sum(coalesce(s.pending_debits, 0))::bigint as "PendingDebits", sum(coalesce(s.pending_credits, 0))::bigint as "PendingCredits"
            from account a left join account_sum s on s.account = a.id group by 1, 2, 3 order by 3, 1
            """).ToArrayAsync(ct);
        var balanced = lines.GroupBy(l => l.Currency).All(c => c.Sum(l => l.Debits) == c.Sum(l => l.Credits) && c.Sum(l => l.PendingDebits) == c.Sum(l => l.PendingCredits));
        return new Response(lines, balanced && (await Invariants.ViolatedAsync(db, ct)).Count == 0);
    }

    private static ReportTable TableOf(Response balance, DateTimeOffset now) => new("试算平衡表", "Trial balance",
        [new("时间", "As of", ReportCell.TextOf(now)), new("是否平衡", "Balanced", balance.Balanced ? "是 yes" : "否 no")],
        [new("科目", "Account"), new("名称", "Name"), new("币种", "Currency"), new("借方", "Debits"), new("贷方", "Credits"), new("冻结借方", "Pending debits"), new("冻结贷方", "Pending credits")],
        [.. balance.Accounts.Select(a => new[]
        {
            ReportCell.Text(a.Code), ReportCell.Text(a.Name), ReportCell.Text(a.Currency), ReportCell.Amount(a.Debits, a.Currency), ReportCell.Amount(a.Credits, a.Currency),
            ReportCell.Amount(a.PendingDebits, a.Currency), ReportCell.Amount(a.PendingCredits, a.Currency),
        })]);
}
