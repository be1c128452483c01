using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The sums of the books by currency. Sub-accounts are one line: it names no lot and no bidder.</summary>
public static class GetTrialBalance
{
    /// <summary>Debits equal credits now, and every invariant held when they were last checked.</summary>
    public sealed record Response(TrialLine[] Accounts, bool Balanced, DateTimeOffset CheckedAt);

    private sealed record Check(DateTimeOffset At, int Violated);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/trial-balance", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Trial balance")
        .WithDescription("Balanced: debits equal credits, posted and pending, in every currency, and every invariant of the books held at the last check (after a start and once a day). With ?check=true they are checked now, over all that was ever booked: it takes its time.");

    private static async Task<IResult> Handle(ReportFormat? format, bool? check, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var lines = await Balances.TrialAsync(db, ct);
        var last = check == true ? null : await db.Database.SqlQuery<Check>($"""select checked_at as "At", cardinality(violated) as "Violated" from ledger_check order by id desc limit 1""").FirstOrDefaultAsync(ct);
        last ??= new Check(now, (await Invariants.ViolatedAsync(db, ct)).Count);
        var balanced = lines.GroupBy(l => l.Currency).All(c => c.Sum(l => l.Debits) == c.Sum(l => l.Credits) && c.Sum(l => l.PendingDebits) == c.Sum(l => l.PendingCredits));
        var balance = new Response(lines, balanced && last.Violated == 0, last.At);
        return ReportAnswer.Of(http, format, balance, "trial-balance", () => TableOf(balance, now));
    }

    private static ReportTable TableOf(Response balance, DateTimeOffset now) => new("试算平衡表", "Trial balance",
        [new("时间", "As of", ReportCell.TextOf(now)), new("是否平衡", "Balanced", balance.Balanced ? "是 yes" : "否 no"), new("账簿检查时间", "Books checked at", ReportCell.TextOf(balance.CheckedAt))],
        [new("科目", "Account"), new("名称", "Name"), new("币种", "Currency"), new("借方", "Debits"), new("贷方", "Credits"), new("冻结借方", "Pending debits"), new("冻结贷方", "Pending credits")],
        [.. balance.Accounts.Select(a => new[]
        {
            ReportCell.Text(a.Code), ReportCell.Text(a.Name), ReportCell.Text(a.Currency), ReportCell.Amount(a.Debits, a.Currency), ReportCell.Amount(a.Credits, a.Currency),
            ReportCell.Amount(a.PendingDebits, a.Currency), ReportCell.Amount(a.PendingCredits, a.Currency),
        })]);
}
