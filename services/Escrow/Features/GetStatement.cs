using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// Every movement of a tender's sub-accounts, or of a bidder's over all lots. A bidder sees its own; finance sees all; a supervisor sees a tender's lots from
/// their opening on, since before it nobody may learn who paid.
/// </summary>
public static class GetStatement
{
    /// <summary>More: the position to go on after, where there are further movements. Letters move no money and stand beside.</summary>
    public sealed record Response(Movement[] Movements, long? More, LetterLine[] Letters);

    public sealed record LetterLine(
        string TenderNumber, int LotNumber, Guid BidderId, string BidderName, string Kind, string IssuerName, string Number, long Amount, string Currency, DateOnly ValidThrough, LetterStage Stage,
        DateTimeOffset PresentedAt, long Claimed, long Received);

    private const int FormulasMax = 50;
    private const string Description = "As JSON, CSV or a page to print (?format=); pages by ?after=POSITION.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/statement", (long? after, ReportFormat? format, HttpContext http, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct) =>
            OfBidderAsync(caller.Organisation, after, format, http, db, clock, ct)).AllowRoles(Roles.Bidder).AnswersReport<Response>().WithSummary("The own statement over all lots").WithDescription(Description);
        routes.MapGet("/bidders/{bidderId:guid}/statement", (Guid bidderId, long? after, ReportFormat? format, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct) =>
            OfBidderAsync(bidderId, after, format, http, db, clock, ct)).AllowRoles(Roles.Finance).AnswersReport<Response>().WithSummary("A bidder's statement over all lots").WithDescription(Description);
        routes.MapGet("/tenders/{tenderId:guid}/statement", OfTenderAsync)
            .AllowRoles(Roles.Finance, Roles.Supervisor).AnswersReport<Response>().WithSummary("A tender's statement").WithDescription(Description + " Supervisors see a lot from its opening on.");
    }

    private static async Task<IResult> OfBidderAsync(Guid bidderId, long? after, ReportFormat? format, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var name = await db.SubAccounts.Where(s => s.BidderId == bidderId).OrderByDescending(s => s.Id).Select(s => s.BidderName).FirstOrDefaultAsync(ct);
        var movements = await Statements.ReadAsync(db, db.SubAccounts.Where(s => s.BidderId == bidderId), after ?? 0, ReportAnswer.RowsMax + 1, ct);
        var bearing = await db.Deposits.AsNoTracking().Where(d => d.BidderId == bidderId && (d.Interest > 0 || d.LateInterest > 0)).OrderByDescending(d => d.Id).Take(FormulasMax).ToListAsync(ct);
        var formulas = bearing.SelectMany(d => new[] { d.InterestTerms, d.LateTerms }).OfType<RefundInterest>().Where(i => i.Statement.Amount > 0)
            .Select(i => new ReportFact("利息计算", "Interest, in minor units", $"{i.Rule} {i.Article}: {i.Formula}"));
        return Answer(http, format, movements, await LettersAsync(db, db.GuaranteeLetters.Where(l => l.BidderId == bidderId), ct), "bidder-statement",
            ("投标人对账单", "Statement of a bidder", [new("投标人", "Bidder", name.Or404("bidder")), At(clock), .. formulas]));
    }

    private static async Task<IResult> OfTenderAsync(Guid tenderId, long? after, ReportFormat? format, Caller caller, HttpContext http, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var openedOnly = !caller.Is(Roles.Finance);
        var number = await db.Lots.Where(l => l.TenderId == tenderId && (!openedOnly || l.OpenedAt != null)).Select(l => l.TenderNumber).FirstOrDefaultAsync(ct);
        var visible = db.Lots.Where(l => l.TenderId == tenderId && (!openedOnly || l.OpenedAt != null)).Select(l => l.Id);
        var movements = await Statements.ReadAsync(db, db.SubAccounts.Where(s => visible.Contains(s.LotId)), after ?? 0, ReportAnswer.RowsMax + 1, ct);
        var letters = db.GuaranteeLetters.Where(l => visible.Contains(l.LotId));
        return Answer(http, format, movements, await LettersAsync(db, letters, ct), "tender-statement", ("项目保证金明细账", "Statement of a tender", [new("项目", "Tender", number.Or404("tender")), At(clock)]));
    }

    private static ReportFact At(TimeProvider clock) => new("时间", "As of", ReportCell.TextOf(clock.GetUtcNow()));

    private static Task<LetterLine[]> LettersAsync(EscrowDb db, IQueryable<GuaranteeLetter> letters, CancellationToken ct) => (
        from letter in letters.AsNoTracking()
        join bidder in db.SubAccounts on letter.SubAccountId equals bidder.Id
        join lot in db.Lots on letter.LotId equals lot.Id
        orderby letter.Id
        select new LetterLine(lot.TenderNumber, lot.Number, letter.BidderId, bidder.BidderName, letter.Kind, letter.IssuerName, letter.Number, letter.Amount, letter.Currency, letter.ValidThrough,
            letter.Stage, letter.PresentedAt, letter.Claimed, letter.Received)).Take(ReportAnswer.RowsMax).ToArrayAsync(ct);

    private static IResult Answer(HttpContext http, ReportFormat? format, Movement[] found, LetterLine[] letters, string name, (string Chinese, string English, IReadOnlyList<ReportFact> Facts) title)
    {
        var isCut = found.Length > ReportAnswer.RowsMax;
        var movements = isCut ? found[..ReportAnswer.RowsMax] : found;
        var report = new Response(movements, isCut ? movements[^1].Position : null, letters);
        return ReportAnswer.Of(http, format, report, name, () => new ReportTable(title.Chinese, title.English,
            isCut ? [.. title.Facts, new("未完", "Cut", $"?after={report.More}")] : title.Facts,
            [new("时间", "Time"), new("项目", "Tender"), new("标段", "Lot"), new("投标人", "Bidder"), new("摘要", "What"), new("收入", "In"), new("支出", "Out"), new("冻结", "Held"), new("余额", "Balance"), new("凭证", "Reference")],
            [.. movements.Select(RowOf), .. letters.Select(RowOf)]));
    }

    private static ReportCell[] RowOf(Movement m) =>
    [
        ReportCell.Moment(m.At), ReportCell.Text(m.TenderNumber), ReportCell.Count(m.LotNumber), ReportCell.Text(m.BidderName), ReportCell.Code(m.Code),
        m.IsCredit ? ReportCell.Amount(m.Amount, m.Currency) : ReportCell.Empty, m.IsCredit ? ReportCell.Empty : ReportCell.Amount(m.Amount, m.Currency),
        ReportCell.Amount(m.Held, m.Currency), ReportCell.Amount(m.Balance, m.Currency), ReportCell.Text(m.Reference),
    ];

    private static ReportCell[] RowOf(LetterLine l) =>
    [
        ReportCell.Moment(l.PresentedAt), ReportCell.Text(l.TenderNumber), ReportCell.Count(l.LotNumber), ReportCell.Text(l.BidderName),
        new($"guarantee-letter {l.Stage}".ToLowerInvariant(), $"保函 guarantee letter, {l.IssuerName}: {l.Stage}"), ReportCell.Empty, ReportCell.Empty,
        ReportCell.Amount(l.Stage is LetterStage.Verified ? l.Amount : 0, l.Currency), ReportCell.Empty, ReportCell.Text(l.Number),
    ];
}
