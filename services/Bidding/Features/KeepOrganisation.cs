using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Identity;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On OrganisationRegistered: who is who.</summary>
public static class KeepOrganisation
{
    public static async Task Handle(Received<OrganisationRegistered> message, BiddingDb db, CancellationToken ct)
    {
        var organisation = message.Event;
        if (await db.Organisations.FindAsync([organisation.OrganisationId], ct) is not null) return;
        db.Add(new Organisation { Id = organisation.OrganisationId, SocialCreditCode = organisation.SocialCreditCode, Name = organisation.Name });
    }
}
