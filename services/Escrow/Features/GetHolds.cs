using System.ComponentModel.DataAnnotations;
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

    /// <summary>The brackets count all holds, the page shows some. <paramref name="More"/>: the id to go on after, where there are further ones.</summary>
    public sealed record Response(DateTimeOffset AsOf, Bracket[] Brackets, Hold[] Holds, Guid? More);

    /// <summary>Holds of at least so many days, and fewer than the next bracket's. Letters are counted and not added up: they are no money.</summary>
    public sealed record Bracket(int FromDays, string Currency, int Deposits, long Amount, int Letters);

    /// <summary>The id is the deposit's or the letter's. AwaitsDecision: it stays held until it is kept or that is waived.</summary>
    public sealed record Hold(
        Guid Id, Guid LotId, string TenderNumber, int LotNumber, string BidderName, string Kind, long Amount, string Currency, DateTimeOffset Since, int Days, string Reference, bool AwaitsDecision);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/reports/holds", Handle)
        .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("Holds by age").WithDescription("As JSON, CSV or a page to print (?format=); pages by ?after=ID. Supervisors see a lot from its opening on.");

    private static async Task<IResult> Handle(Guid? after, [Range(1, ReportAnswer.RowsMax)] int? limit, ReportFormat? format, Caller caller, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, openedOnly, size) = (clock.GetUtcNow(), !caller.Is(Roles.Finance), limit ?? ReportAnswer.RowsMax);
        var holds = await PageAsync(db, after, size + 1, openedOnly, now.ToUniversalTime(), ct);
        var report = new Response(now, await CountAsync(db, openedOnly, now.ToUniversalTime(), ct), [.. holds.Take(size)], holds.Count > size ? holds[size - 1].Id : null);
        return ReportAnswer.Of(http, format, report, "holds", () => TableOf(report));
    }

    // Each kind goes by an index of its own, no further than a page. Who asks to go on after what has ended meanwhile goes on where it was.
    private static async Task<List<Hold>> PageAsync(EscrowDb db, Guid? after, int size, bool openedOnly, DateTimeOffset now, CancellationToken ct)
    {
        var (since, id) = after is { } last ? (await SinceAsync(db, last, ct), last) : (DateTimeOffset.MinValue, Guid.Empty);
        return await db.Database.SqlQuery<Hold>($"""
            select h.id as "Id", h.lot_id as "LotId", h.tender_number as "TenderNumber", h.lot_number as "LotNumber", h.bidder_name as "BidderName", h.kind as "Kind", h.amount as "Amount", h.currency as "Currency", h.since as "Since",
              greatest(0, floor(extract(epoch from {now} - h.since) / 86400))::int as "Days", h.reference as "Reference", h.awaits as "AwaitsDecision"
            from (
              (select d.id, d.lot_id, l.tender_number, l.number as lot_number, s.bidder_name, 'payment' as kind, d.amount, d.currency, d.secured_at as since, d.bank_reference as reference,
                 coalesce(s.revoked_at, s.award_lapsed_at) is not null and s.waived_at is null as awaits
               from deposit d join sub_account s on s.id = d.sub_account_id join lot l on l.id = d.lot_id
               where d.stage = 'Secured' and (d.secured_at, d.id) > ({since}, {id}) and (not {openedOnly} or l.opened_at is not null) order by d.secured_at, d.id limit {size})
              union all
              (select g.id, g.lot_id, l.tender_number, l.number, s.bidder_name, 'guarantee-letter', g.amount, g.currency, g.decided_at, g.number,
                 coalesce(s.revoked_at, s.award_lapsed_at) is not null and s.waived_at is null
               from guarantee_letter g join sub_account s on s.id = g.sub_account_id join lot l on l.id = g.lot_id
               where g.stage = 'Verified' and (g.decided_at, g.id) > ({since}, {id}) and (not {openedOnly} or l.opened_at is not null) order by g.decided_at, g.id limit {size})) h
            order by h.since, h.id limit {size}
            """).ToListAsync(ct);
    }

    private static async Task<DateTimeOffset> SinceAsync(EscrowDb db, Guid id, CancellationToken ct) =>
        await db.Deposits.Where(d => d.Id == id).Select(d => (DateTimeOffset?)d.SecuredAt).SingleOrDefaultAsync(ct) ?? await db.GuaranteeLetters.Where(l => l.Id == id).Select(l => l.DecidedAt).SingleOrDefaultAsync(ct)
        ?? throw new MalformedException("after", "There is no hold of this id: begin with the first page.");

    private static Task<Bracket[]> CountAsync(EscrowDb db, bool openedOnly, DateTimeOffset now, CancellationToken ct) => db.Database.SqlQuery<Bracket>($"""
        select b.from_days as "FromDays", h.currency as "Currency", (count(*) filter (where h.is_money))::int as "Deposits", (coalesce(sum(h.amount) filter (where h.is_money), 0))::bigint as "Amount",
          (count(*) filter (where not h.is_money))::int as "Letters"
        from (
          select lot_id, true as is_money, amount, currency, secured_at as since from deposit where stage = 'Secured'
          union all select lot_id, false, amount, currency, decided_at from guarantee_letter where stage = 'Verified') h
        join lot l on l.id = h.lot_id
        cross join lateral (select max(from_days) as from_days from unnest({Brackets}) as from_days where from_days <= greatest(0, floor(extract(epoch from {now} - h.since) / 86400))) b
        where not {openedOnly} or l.opened_at is not null
        group by 1, 2 order by 2, 1
        """).ToArrayAsync(ct);

    private static ReportTable TableOf(Response report) => new("保证金冻结账龄表", "Holds by age",
        [
            new("时间", "As of", ReportCell.TextOf(report.AsOf)),
            .. report.Brackets.Select(b => new ReportFact($"{b.FromDays} 天起", $"from {b.FromDays} days", $"{b.Currency} {Amounts.Text(b.Amount, b.Currency)}（{b.Deposits} 笔 deposits，{b.Letters} 份保函 letters）")),
            .. report.More is { } more ? [new ReportFact("未完", "More, after", $"{more}")] : Array.Empty<ReportFact>(),
        ],
        [new("项目", "Tender"), new("标段", "Lot"), new("投标人", "Bidder"), new("方式", "Kind"), new("金额", "Amount"), new("币种", "Currency"), new("起始", "Since"), new("天数", "Days"), new("待决定", "Awaits decision"), new("凭证", "Reference")],
        [.. report.Holds.Select(h => new[]
        {
            ReportCell.Text(h.TenderNumber), ReportCell.Count(h.LotNumber), ReportCell.Text(h.BidderName), ReportCell.Code(h.Kind), ReportCell.Amount(h.Amount, h.Currency), ReportCell.Text(h.Currency),
            ReportCell.Moment(h.Since), ReportCell.Count(h.Days), ReportCell.Text(h.AwaitsDecision ? "是 yes" : ""), ReportCell.Text(h.Reference),
        })]);
}
