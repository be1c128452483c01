using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Identity;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On CertificateRevoked: with what an organisation may no longer sign.</summary>
public static class KeepRevocation
{
    public static async Task Handle(Received<CertificateRevoked> message, BiddingDb db, CancellationToken ct)
    {
        var (organisation, serial) = (message.Event.OrganisationId, RevocationList.Normal(message.Event.SerialNumber));
        if (await db.Revocations.FindAsync([organisation, serial], ct) is not null) return;
        db.Add(new Revocation { OrganisationId = organisation, SerialNumber = serial, RevokedAt = message.Event.RevokedAt });
    }
}
