namespace Tendering.ExpertSelection.Domain;

/// <summary>An organisation as identity told of it.</summary>
public sealed class Organisation
{
    public const string Authority = "authority";

    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }
}

/// <summary>What a draw must know of a lot: each part comes as a fact of another service, in any order.</summary>
public sealed class Lot
{
    public required Guid Id { get; init; }
    public required Guid TenderId { get; init; }
    public LotTerms? Terms { get; set; }
    public Bidder[]? Bidders { get; set; }

    /// <summary>From here on the committee is public: the candidates were published, or the lot failed.</summary>
    public DateTimeOffset? DisclosedAt { get; set; }

    public DateTimeOffset? FailedAt { get; set; }
}

public sealed record LotTerms(string RuleSet, string Specialty, int CommitteeSize, Guid AgencyId, string AgencyName, Guid TendererId, string TendererName);

public sealed record Bidder(Guid OrganisationId, string SocialCreditCode, string Name);
