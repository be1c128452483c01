using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>An agency drafts a tender with its lots and names who keeps the keys of its bids.</summary>
public static class DraftTender
{
    public const int OpeningMinutesMax = 1440, CommitteeMax = 99, BidValidityMax = 3650, ExemptionsMax = 20;
    public const long DocumentLengthMax = 1L << 40;

    public sealed record DraftDocument(
        [property: Required, StringLength(200, MinimumLength = 1)] string Name, [property: Required, RegularExpression("^[0-9a-f]{64}$")] string Sha256,
        [property: Range(0, DocumentLengthMax)] long Length);

    /// <summary>A coefficient that is drawn at the opening, with the values from which it is drawn.</summary>
    public sealed record DraftCoefficient([property: Required, StringLength(Coefficient.NameMax, MinimumLength = 1)] string Name, [property: Required] string[] Values);

    public sealed record DraftLot(
        [property: Range(1, 999)] int Number, [property: Required, StringLength(200, MinimumLength = 1)] string Title, [property: Range(1, Money.AmountMax)] long CeilingPrice,
        [property: Range(1, Money.AmountMax)] long? MinimumPrice, [property: Range(1, Money.AmountMax)] long? EstimatedPrice, [property: Range(0, Money.AmountMax)] long Deposit,
        DateTimeOffset BidDeadline, DateTimeOffset OpeningAt, [property: Range(1, OpeningMinutesMax)] int OpeningMinutes,
        [property: Required, StringLength(60, MinimumLength = 1)] string EvaluationMethod, [property: Required, StringLength(100, MinimumLength = 1)] string Specialty,
        [property: Range(1, CommitteeMax)] int CommitteeSize, [property: MaxLength(Coefficient.PerLotMax)] IReadOnlyList<DraftCoefficient>? Coefficients = null);

    public sealed record DraftExemption(
        [property: Required, RegularExpression("^[a-z][a-z0-9-]{1,59}$")] string Ground, [property: Required, StringLength(500, MinimumLength = 1)] string Text);

    public sealed record DraftDepositTerms(
        [property: Range(1, BidValidityMax)] int BidValidityDays, [property: Required, MaxLength(3)] string[] LetterKinds,
        [property: Required, MaxLength(ExemptionsMax)] IReadOnlyList<DraftExemption> Exemptions);

    // Lists, not arrays: the validation's generator does not look into the elements of an array.
    public sealed record Request(
        [property: Required, StringLength(200, MinimumLength = 1)] string Title, [property: Required, StringLength(60, MinimumLength = 1)] string RuleSet,
        [property: EnumDataType(typeof(Category))] Category Category, [property: StringLength(50, MinimumLength = 1)] string? TendererCode,
        [property: Required, StringLength(200, MinimumLength = 1)] string TendererName, Guid? TendererId, [property: Required, MaxLength(Tender.DocumentsMax)] IReadOnlyList<DraftDocument> Documents,
        [property: Range(Tender.ThresholdMin, Tender.CustodiansMax)] int Threshold, [property: Required, MinLength(Tender.ThresholdMin), MaxLength(Tender.CustodiansMax)] Guid[] CustodianOrganisations,
        [property: Required, MinLength(1), MaxLength(Tender.LotsMax)] IReadOnlyList<DraftLot> Lots,
        DraftDepositTerms? DepositTerms = null);

    public sealed record LotItem(Guid LotId, int Number);
    public sealed record Response(Guid TenderId, string Number, LotItem[] Lots);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/drafts", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>()
        .WithSummary("Draft a tender").WithDescription("Amounts in minor units. The estimated price is the tenderer's secret: only its agency ever sees it.");

    private static async Task<Created<Response>> Handle(Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var rules = RuleSet.Find(request.RuleSet) ?? throw new MalformedException("ruleSet", $"There is no such rule set. Known: {string.Join(", ", RuleSet.All.Select(s => s.Id).Order())}.");
        RefuseContradictions(request, now);
        foreach (var lot in request.Lots) Coefficient.RequireAllowed(CoefficientsOf(lot), rules);
        var agency = await db.Organisations.FindAsync([caller.Organisation], ct);
        Rule.Require(agency is not null, "organisation-unknown", "Your organisation is not known here yet: repeat in a moment.");
        var custodians = await CustodiansAsync(request.CustodianOrganisations, db, ct);
        var tenderer = await TendererAsync(request, db, ct);
        var year = TimeZoneInfo.ConvertTime(now, rules.Zone).Year;
        var tender = new Tender
        {
            Number = $"T-{year}-{await db.NextNumberAsync(year, ct):000000}", Title = request.Title, RuleSetId = rules.Id, Category = request.Category,
            AgencyId = agency!.Id, AgencyName = agency.Name, TendererId = tenderer?.Id, TendererCode = tenderer?.SocialCreditCode ?? request.TendererCode,
            TendererName = tenderer?.Name ?? request.TendererName, Threshold = request.Threshold, CreatedAt = now,
            DepositTerms = request.DepositTerms is not { } terms ? null
                : new DepositTerms(terms.BidValidityDays, terms.LetterKinds, [.. terms.Exemptions.Select(e => new DepositExemption(e.Ground, e.Text))]),
            Documents = [.. request.Documents.Select(d => new Document(d.Name, d.Sha256, d.Length))],
        };
        tender.Entrust(custodians);
        tender.Lots.AddRange(request.Lots.OrderBy(l => l.Number).Select(l => LotOf(tender.Id, l)));
        db.Add(tender);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/tenders/{tender.Id}", new Response(tender.Id, tender.Number, [.. tender.Lots.Select(l => new LotItem(l.Id, l.Number))]));
    }

    private static void RefuseContradictions(Request request, DateTimeOffset now)
    {
        Check(request.Documents.All(d => d is not null), "documents", "A document is missing.");
        Check(request.Lots.All(l => l is not null), "lots", "A lot is missing.");
        Check(request.Threshold <= request.CustodianOrganisations.Length, "threshold", "The threshold is not above the number of custodians.");
        Check(request.CustodianOrganisations.Distinct().Count() == request.CustodianOrganisations.Length, "custodianOrganisations", "An organisation keeps one key only.");
        Check(request.Lots.DistinctBy(l => l.Number).Count() == request.Lots.Count, "lots", "Two lots have the same number.");
        if (request.DepositTerms is { } terms)
        {
            Check(terms.LetterKinds.All(DepositTerms.Kinds.Contains), "depositTerms.letterKinds", $"A letter is issued by one of: {string.Join(", ", DepositTerms.Kinds)}.");
            Check(terms.Exemptions.All(e => e is not null) && terms.Exemptions.DistinctBy(e => e.Ground).Count() == terms.Exemptions.Count, "depositTerms.exemptions", "Each exemption has a ground of its own.");
        }
        foreach (var (lot, i) in request.Lots.Select((l, i) => (l, i)))
        {
            Check(lot.MinimumPrice is null || lot.MinimumPrice <= lot.CeilingPrice, $"lots[{i}].minimumPrice", "The minimum price is not above the ceiling price.");
            Check(lot.BidDeadline > now, $"lots[{i}].bidDeadline", "The bid deadline lies in the future.");
            Check(lot.OpeningAt >= lot.BidDeadline, $"lots[{i}].openingAt", "Bids are not opened before the bid deadline.");
            Check(lot.Coefficients?.All(c => c is not null) != false, $"lots[{i}].coefficients", "A coefficient is missing.");
            if (CoefficientsOf(lot) is { } coefficients && Coefficient.FaultIn(coefficients) is { } fault) throw new MalformedException($"lots[{i}].coefficients", fault);
        }
    }

    private static async Task<IEnumerable<Organisation>> CustodiansAsync(Guid[] ids, TendersDb db, CancellationToken ct)
    {
        var known = await db.Organisations.AsNoTracking().Where(o => ids.Contains(o.Id)).ToDictionaryAsync(o => o.Id, ct);
        Check(known.Count == ids.Length, "custodianOrganisations", "Not every custodian is a registered organisation.");
        return ids.Select(id => known[id]);
    }

    // The register's name goes before the one written in the request.
    private static async Task<Organisation?> TendererAsync(Request request, TendersDb db, CancellationToken ct)
    {
        if (request.TendererId is not { } id)
            return request.TendererCode is null ? null : await db.Organisations.AsNoTracking().FirstOrDefaultAsync(o => o.SocialCreditCode == request.TendererCode, ct);
        var tenderer = await db.Organisations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, ct);
        Check(tenderer is not null && (request.TendererCode is null || request.TendererCode == tenderer.SocialCreditCode), "tendererId", "No registered organisation has this id and code.");
        return tenderer;
    }

    private static Lot LotOf(Guid tender, DraftLot l) => new()
    {
        TenderId = tender, Number = l.Number, Title = l.Title, CeilingPrice = l.CeilingPrice, MinimumPrice = l.MinimumPrice, EstimatedPrice = l.EstimatedPrice, Deposit = l.Deposit,
        BidDeadline = l.BidDeadline.ToUniversalTime(), OpeningAt = l.OpeningAt.ToUniversalTime(), OpeningMinutes = l.OpeningMinutes, EvaluationMethod = l.EvaluationMethod,
        Specialty = l.Specialty, CommitteeSize = l.CommitteeSize, Coefficients = CoefficientsOf(l),
    };

    private static PublishedCoefficient[]? CoefficientsOf(DraftLot lot) => lot.Coefficients is { Count: > 0 } named ? [.. named.Select(c => new PublishedCoefficient(c.Name, c.Values))] : null;

    private static void Check(bool holds, string field, string message)
    {
        if (!holds) throw new MalformedException(field, message);
    }
}
