using Tendering.Contracts.Identity;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>Organisations are known here by a copy, so that drafts and notices can name them.</summary>
public static class KeepOrganisationOnOrganisationRegistered
{
    public static async Task Handle(Received<OrganisationRegistered> message, TendersDb db, CancellationToken ct)
    {
        var organisation = message.Event;
        if (await db.Organisations.FindAsync([organisation.OrganisationId], ct) is not null) return;
        db.Add(new Organisation { Id = organisation.OrganisationId, SocialCreditCode = organisation.SocialCreditCode, Name = organisation.Name, Kind = organisation.Kind });
    }
}
