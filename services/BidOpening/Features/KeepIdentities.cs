using System.Security.Cryptography.X509Certificates;
using Tendering.BidOpening.Data;
using Tendering.Contracts.Identity;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>Local copies of who is who and who signs with what: organisations, certificates, revocations, in whatever order they come.</summary>
public static class KeepIdentities
{
    public static async Task OnOrganisationRegistered(Received<OrganisationRegistered> message, BidOpeningDb db, CancellationToken ct)
    {
        if (await db.Organisations.FindAsync([message.Event.OrganisationId], ct) is null) db.Add(new Organisation { Id = message.Event.OrganisationId, Name = message.Event.Name });
    }

    public static async Task OnCertificateIssued(Received<CertificateIssued> message, BidOpeningDb db, CancellationToken ct)
    {
        var issued = message.Event;
        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem);
        var thumbprint = SigningCertificate.ThumbprintOf(certificate);
        if (await db.Certificates.FindAsync([thumbprint], ct) is not null) return;
        db.Add(new Certificate { Thumbprint = thumbprint, OrganisationId = issued.OrganisationId, IssuerPem = issued.IssuerPem });
    }

    public static async Task OnCertificateRevoked(Received<CertificateRevoked> message, BidOpeningDb db, CancellationToken ct)
    {
        var (organisation, serial) = (message.Event.OrganisationId, RevocationList.Normal(message.Event.SerialNumber));
        if (await db.Revocations.FindAsync([organisation, serial], ct) is null) db.Add(new Revocation { OrganisationId = organisation, SerialNumber = serial, RevokedAt = message.Event.RevokedAt });
    }
}
