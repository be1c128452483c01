using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Domain;

/// <summary>One party's part in one round: its commitment, and later its bytes, or null where they did not come in time.</summary>
public sealed class Party
{
    public const string Tenderer = "tenderer", Centre = "centre", Supervisor = "supervisor";

    /// <summary>In the order in which their reveals are hashed.</summary>
    public static IReadOnlyList<string> All { get; } = [Tenderer, Centre, Supervisor];

    public Guid DrawId { get; private init; }
    public required int Round { get; init; }
    public required string Name { get; init; }
    public required Guid OrganisationId { get; init; }
    public required string Commitment { get; init; }
    public required DateTimeOffset CommittedAt { get; init; }
    public string? Reveal { get; private set; }
    public DateTimeOffset? RevealedAt { get; private set; }

    public void Show(string reveal, DateTimeOffset now) => (Reveal, RevealedAt) = (reveal, now);

    /// <summary>Which party the caller is: for the tenderer speaks the tender's agency, or the tenderer itself.</summary>
    public static string Of(Caller caller, LotTerms terms)
    {
        if (caller.Is(Roles.Agency) && (caller.Organisation == terms.AgencyId || caller.Organisation == terms.TendererId)) return Tenderer;
        if (caller.Is(Roles.Centre)) return Centre;
        if (caller.Is(Roles.Supervisor)) return Supervisor;
        throw new ForbiddenException("Parties of this draw are its agency or tenderer, the trading centre and the supervisor.");
    }
}
