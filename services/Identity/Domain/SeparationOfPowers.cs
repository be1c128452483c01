using System.Collections.Frozen;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Domain;

/// <summary>Nobody decides and checks the same matter, and who runs the platform holds no business right.</summary>
public static class SeparationOfPowers
{
    private const string Runs = "who runs the platform takes no part in any tender";
    private const string Bids = "who bids has no part in running, judging or overseeing tenders";
    private const string Oversees = "who oversees does not do what is overseen";
    private const string Judges = "who judges bids neither runs the tender, nor draws the experts, nor holds the money";
    private const string Asks = "who runs a tender neither draws its experts nor holds its deposits";

    // Two roles that no person may hold together, and why. Only centre and finance, two desks of one house, may meet.
    public static readonly FrozenDictionary<(string, string), string> Apart = new Dictionary<(string, string), string>
    {
        [(Roles.Operator, Roles.Bidder)] = Runs,
        [(Roles.Operator, Roles.Agency)] = Runs,
        [(Roles.Operator, Roles.Expert)] = Runs,
        [(Roles.Operator, Roles.Supervisor)] = Runs,
        [(Roles.Operator, Roles.Centre)] = Runs,
        [(Roles.Operator, Roles.Finance)] = Runs,
        [(Roles.Bidder, Roles.Agency)] = Bids,
        [(Roles.Bidder, Roles.Expert)] = Bids,
        [(Roles.Bidder, Roles.Supervisor)] = Bids,
        [(Roles.Bidder, Roles.Centre)] = Bids,
        [(Roles.Bidder, Roles.Finance)] = Bids,
        [(Roles.Supervisor, Roles.Agency)] = Oversees,
        [(Roles.Supervisor, Roles.Expert)] = Oversees,
        [(Roles.Supervisor, Roles.Centre)] = Oversees,
        [(Roles.Supervisor, Roles.Finance)] = Oversees,
        [(Roles.Expert, Roles.Agency)] = Judges,
        [(Roles.Expert, Roles.Centre)] = Judges,
        [(Roles.Expert, Roles.Finance)] = Judges,
        [(Roles.Agency, Roles.Centre)] = Asks,
        [(Roles.Agency, Roles.Finance)] = Asks,
    }.ToFrozenDictionary();

    /// <summary>May one person of such an organisation hold these roles together? Refuses with the reason.</summary>
    public static void Require(IReadOnlyCollection<string> roles, OrganisationKind kind)
    {
        Rule.Require(roles.Count > 0, "role-missing", "A person needs at least one role.");
        Rule.Require(!roles.Contains(Roles.Bank), "role-of-machines", "The bank's role belongs to its machine, which signs in by client credentials.");
        foreach (var one in roles)
            foreach (var other in roles)
                if (Apart.TryGetValue((one, other), out var why)) throw new RuleBrokenException("powers-not-separate", $"Nobody is both {one} and {other}: {why}.");
        var stranger = roles.FirstOrDefault(r => !Organisation.RolesOf[kind].Contains(r));
        Rule.Require(stranger is null, "role-not-of-kind",
            $"People of an organisation of kind {kind.ToString().ToLowerInvariant()} may be {string.Join(" or ", Organisation.RolesOf[kind])}, not {stranger}.");
    }
}
