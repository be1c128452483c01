using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Keys;

/// <summary>A certificate authority for development alone. Elsewhere a licensed one (电子认证服务机构) issues, and its roots are configured.</summary>
public sealed class LocalAuthority(Secrets secrets, TimeProvider clock, IHostEnvironment environment)
{
    public const string Purpose = "identity/certificate-root";
    private const int LockClass = 727002, LockRoot = 2;

    /// <summary>Issues to an organisation; the caller saves. Business time counts, since bids are signed in it.</summary>
    public async Task<Certificate> IssueAsync(Organisation organisation, PublicKey key, IdentityDb db, CancellationToken ct)
    {
        Rule.Require(environment.IsDevelopment(), "no-certificate-authority",
            "This platform issues no certificates itself outside development: take yours from a licensed certificate authority "
            + "whose root the operator configures here (Certificates:TrustedRoots).");
        var now = clock.GetUtcNow();
        var (root, rootKey) = await RootAsync(db, now, ct);
        using (root)
        using (rootKey)
        using (var certificate = CertificateForm.Issue(root, rootKey, organisation.Name, organisation.SocialCreditCode, key, now))
            return new Certificate
            {
                SerialNumber = certificate.SerialNumber, OrganisationId = organisation.Id,
                CertificatePem = certificate.ExportCertificatePem(), IssuerPem = root.ExportCertificatePem(),
                NotBefore = certificate.NotBefore.ToUniversalTime(), NotAfter = certificate.NotAfter.ToUniversalTime(),
            };
    }

    // A root that would end before what it issues makes way for a new one: simulated years pass quickly.
    private async Task<(X509Certificate2 Root, ECDsa Key)> RootAsync(IdentityDb db, DateTimeOffset now, CancellationToken ct)
    {
        var needed = now.AddYears(CertificateForm.Years);
        if (await FindAsync(db, needed, ct) is { } known) return Open(known);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockClass}, {LockRoot})", ct);
        var root = await FindAsync(db, needed, ct) ?? Make(db, now);
        return Open(root);
    }

    private static Task<CertificateRoot?> FindAsync(IdentityDb db, DateTimeOffset needed, CancellationToken ct) =>
        db.CertificateRoots.AsNoTracking().Where(r => r.NotAfter > needed).OrderBy(r => r.Id).FirstOrDefaultAsync(ct);

    private CertificateRoot Make(IdentityDb db, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = CertificateForm.NewRoot(key, now);
        var root = new CertificateRoot
        {
            CertificatePem = certificate.ExportCertificatePem(), ProtectedKey = secrets.Protect(key.ExportPkcs8PrivateKey(), Purpose),
            NotAfter = certificate.NotAfter.ToUniversalTime(),
        };
        db.Add(root);
        return root;
    }

    private (X509Certificate2, ECDsa) Open(CertificateRoot root)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secrets.Reveal(root.ProtectedKey, Purpose), out _);
        return (X509Certificate2.CreateFromPem(root.CertificatePem), key);
    }
}
