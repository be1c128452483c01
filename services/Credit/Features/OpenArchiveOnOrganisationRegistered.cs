using Tendering.Contracts.Identity;
using Tendering.Credit.Data;
using Tendering.Credit.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>Every organisation that enters the market gets a credit archive.</summary>
public static class OpenArchiveOnOrganisationRegistered
{
    public static async Task Handle(Received<OrganisationRegistered> message, CreditDb db, CancellationToken ct)
    {
        var organisation = message.Event;
        if (await db.Enterprises.FindAsync([organisation.OrganisationId], ct) is not null) return;
        db.Add(new Enterprise
        {
            Id = organisation.OrganisationId, SocialCreditCode = organisation.SocialCreditCode, Name = organisation.Name, RegisteredAt = organisation.RegisteredAt,
        });
    }
}
