using System.Security.Cryptography.X509Certificates;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Identity;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On CertificateIssued: with what an organisation may sign.</summary>
public static class KeepCertificate
{
    public static async Task Handle(Received<CertificateIssued> message, BiddingDb db, CancellationToken ct)
    {
        var issued = message.Event;
        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem);
        var thumbprint = SigningCertificate.ThumbprintOf(certificate);
        if (await db.Certificates.FindAsync([thumbprint], ct) is not null) return;
        db.Add(new Certificate { Thumbprint = thumbprint, OrganisationId = issued.OrganisationId, IssuerPem = issued.IssuerPem, Der = certificate.RawData });
    }
}
