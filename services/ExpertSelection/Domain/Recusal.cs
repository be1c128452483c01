using System.Collections.Frozen;

namespace Tendering.ExpertSelection.Domain;

/// <summary>Whom a lot keeps out of its pool (回避): people of the tenderer, the agency, a bidder or a supervising authority.</summary>
/// <param name="Tenderer">Codes and names: an organisation outside the market is known by its name alone.</param>
public sealed record Recusal(FrozenSet<string> Tenderer, FrozenSet<string> Agency, FrozenSet<string> Bidders, FrozenSet<string> Authorities)
{
    public const string Inactive = "inactive", OfTenderer = "employer-is-tenderer", OfAgency = "employer-is-agency", OfBidder = "employer-is-bidder", OfAuthority = "employer-is-authority";

    public static Recusal For(LotTerms terms, IEnumerable<Bidder> bidders, IReadOnlyCollection<Organisation> organisations) => new(
        Set([terms.TendererName, CodeOf(terms.TendererId, organisations)]),
        Set([terms.AgencyName, CodeOf(terms.AgencyId, organisations)]),
        Set(bidders.SelectMany(b => new[] { b.Name, b.SocialCreditCode })),
        Set(organisations.Where(o => o.Kind == Organisation.Authority).SelectMany(o => new[] { o.Name, o.SocialCreditCode })));

    /// <summary>Why the expert is not in the pool; null: it is.</summary>
    public string? ReasonAgainst(Expert expert) =>
        !expert.Active ? Inactive
        : Holds(Tenderer, expert) ? OfTenderer
        : Holds(Agency, expert) ? OfAgency
        : Holds(Bidders, expert) ? OfBidder
        : Holds(Authorities, expert) ? OfAuthority
        : null;

    private static bool Holds(FrozenSet<string> keptOut, Expert expert) => keptOut.Contains(expert.EmployerCode) || keptOut.Contains(expert.Employer.Trim());

    private static string? CodeOf(Guid id, IEnumerable<Organisation> organisations) => organisations.FirstOrDefault(o => o.Id == id)?.SocialCreditCode;

    private static FrozenSet<string> Set(IEnumerable<string?> values) => values.OfType<string>().Select(v => v.Trim()).Where(v => v.Length > 0).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
