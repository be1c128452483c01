using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>Whose a tender is, and who may know that a draft exists: its agency, its custodians and the supervisors.</summary>
public static class Ownership
{
    private static readonly string[] CustodianRoles = [Roles.Agency, Roles.Centre, Roles.Supervisor];

    /// <summary>The tender, locked, for a decision that is its own agency's.</summary>
    public static async Task<Tender> OwnAsync(this TendersDb db, Guid id, Caller caller, CancellationToken ct)
    {
        var tender = (await db.LockAsync(id, ct)).Or404("tender");
        if (tender.IsRunBy(caller)) return tender;
        throw tender.MayBeSeenBy(caller) ? new ForbiddenException("This is for the agency that runs the tender.") : new NotFoundException("tender");
    }

    public static bool IsRunBy(this Tender tender, Caller caller) => caller.Is(Roles.Agency) && caller.OrganisationId == tender.AgencyId;

    public static Custodian? CustodianOf(this Tender tender, Caller caller) =>
        CustodianRoles.Any(caller.Is) ? tender.Custodians.Find(c => c.OrganisationId == caller.OrganisationId) : null;

    public static bool MayBeSeenBy(this Tender tender, Caller caller) =>
        tender.IsPublished || caller.Is(Roles.Supervisor) || tender.IsRunBy(caller) || tender.CustodianOf(caller) is not null;
}
