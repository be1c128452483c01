using System.Security.Cryptography.X509Certificates;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Tendering.Bidding.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>What every submission needs and what does not change once it is there: lots' terms and organisations' certificates. Anything that can still change is read under the lock.</summary>
public sealed class Known(IServiceScopeFactory scopes, TrustedRoots roots) : IDisposable
{
    private const int KnownMax = 50_000;
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = KnownMax });

    public Task<Lot> LotAsync(Guid id, CancellationToken ct) => RememberAsync(("lot", id), async db =>
        (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == id, ct)).Or404("lot"));

    /// <summary>Checks a bid's signature; a certificate that is not known yet is looked for once more, since its issue may just have been heard.</summary>
    public async Task<(SignatureCheck Check, bool IsOwn)> CheckSignatureAsync(Guid organisation, BidManifest manifest, byte[] signature, DateTimeOffset now, CancellationToken ct)
    {
        var result = Check(await CertificatesAsync(organisation, ct), manifest, signature, now);
        if (result.Check.Certificate is null || (result.IsOwn && result.Check.IsGood)) return result;
        _cache.Remove(("certificates", organisation));
        return Check(await CertificatesAsync(organisation, ct), manifest, signature, now);
    }

    private Task<OwnCertificates> CertificatesAsync(Guid organisation, CancellationToken ct) => RememberAsync(("certificates", organisation), async db =>
    {
        var rows = await db.Certificates.AsNoTracking().Where(c => c.OrganisationId == organisation).ToListAsync(ct);
        return new OwnCertificates([.. rows.Select(r => r.Thumbprint)], roots.For(rows.Select(r => r.IssuerPem)));
    });

    private static (SignatureCheck Check, bool IsOwn) Check(OwnCertificates own, BidManifest manifest, byte[] signature, DateTimeOffset now)
    {
        var check = BidSignature.Verify(manifest, signature, own.Roots, now);
        return (check, check.Certificate is { } certificate && own.Thumbprints.Contains(TrustedRoots.ThumbprintOf(certificate)));
    }

    private async Task<T> RememberAsync<T>(object key, Func<BiddingDb, Task<T>> load) where T : class
    {
        if (_cache.TryGetValue(key, out T? known)) return known!;
        await using var scope = scopes.CreateAsyncScope();
        return _cache.Set(key, await load(scope.ServiceProvider.GetRequiredService<BiddingDb>()), new MemoryCacheEntryOptions { Size = 1 });
    }

    public void Dispose() => _cache.Dispose();

    private sealed record OwnCertificates(HashSet<string> Thumbprints, X509Certificate2Collection Roots);
}
