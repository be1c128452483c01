using Tendering.Contracts.Identity;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>A local copy of who is who: recusal compares social credit codes.</summary>
public static class KeepOrganisationOnOrganisationRegistered
{
    public static async Task Handle(Received<OrganisationRegistered> message, ExpertSelectionDb db, CancellationToken ct)
    {
        var organisation = message.Event;
        if (await db.Organisations.FindAsync([organisation.OrganisationId], ct) is not null) return;
        db.Add(new Organisation { Id = organisation.OrganisationId, SocialCreditCode = organisation.SocialCreditCode, Name = organisation.Name, Kind = organisation.Kind });
    }
}
