using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Tendering.Bidding.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>What every submission needs and what hardly changes: lots' terms and organisations' certificates with their paths. Anything that decides is read again under the lock.</summary>
public sealed class Known(IServiceScopeFactory scopes, TrustedAuthorities authorities) : IDisposable
{
    private const int KnownMax = 50_000;
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = KnownMax });

    /// <summary>The lot's terms. Where its deadline seems to have passed it is read again, for it may have been moved.</summary>
    public async Task<Lot> LotAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        var lot = await RememberAsync(("lot", id), db => ReadAsync(db, id, ct));
        if (lot.TakesBids(now)) return lot;
        _cache.Remove(("lot", id));
        return await RememberAsync(("lot", id), db => ReadAsync(db, id, ct));
    }

    /// <summary>Checks a bid's signature; a certificate that is not known yet is looked for once more, since its issue may just have been heard.</summary>
    public async Task<SignerCheck> CheckSignatureAsync(Guid organisation, byte[] manifest, byte[] signature, DateTimeOffset now, CancellationToken ct)
    {
        var result = Check(await CertificatesAsync(organisation, ct), manifest, signature, now);
        if (result.Signer is null || (result.IsOwn && result.Verdict == SignatureVerdict.Good)) return result;
        _cache.Remove(("certificates", organisation));
        return Check(await CertificatesAsync(organisation, ct), manifest, signature, now);
    }

    /// <summary>Beforehand, where it costs nothing: builds the paths of an organisation's certificates, which a submission then finds ready.</summary>
    public async Task MakeReadyAsync(Guid organisation, DateTimeOffset now, CancellationToken ct)
    {
        var own = await CertificatesAsync(organisation, ct);
        foreach (var certificate in own.ByThumbprint.Values) certificate?.Judge(own.Roots, [], now);
    }

    private Task<OwnCertificates> CertificatesAsync(Guid organisation, CancellationToken ct) => RememberAsync(("certificates", organisation), async db =>
    {
        var rows = await db.Certificates.AsNoTracking().Where(c => c.OrganisationId == organisation).ToListAsync(ct);
        return new OwnCertificates(rows.ToFrozenDictionary(r => r.Thumbprint, r => r.Der is null ? null : new SigningCertificate(r.Der)), authorities.RootsOr(rows.Select(r => r.IssuerPem)));
    });

    private SignerCheck Check(OwnCertificates own, byte[] manifest, byte[] signature, DateTimeOffset now)
    {
        var check = BidSignature.Verify(manifest, signature, own.Find, own.Roots, now);
        return new SignerCheck(check.Verdict, check.Signer, check.Signer is { } signer && own.ByThumbprint.ContainsKey(signer.Thumbprint), check.IsGood ? authorities.StateOf(check.Signer!.Path) : RevocationState.NotRevoked);
    }

    private static async Task<Lot> ReadAsync(BiddingDb db, Guid id, CancellationToken ct) => (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == id, ct)).Or404("lot");

    private async Task<T> RememberAsync<T>(object key, Func<BiddingDb, Task<T>> load) where T : class
    {
        if (_cache.TryGetValue(key, out T? known)) return known!;
        await using var scope = scopes.CreateAsyncScope();
        return _cache.Set(key, await load(scope.ServiceProvider.GetRequiredService<BiddingDb>()), new MemoryCacheEntryOptions { Size = 1 });
    }

    public void Dispose() => _cache.Dispose();

    private sealed record OwnCertificates(FrozenDictionary<string, SigningCertificate?> ByThumbprint, X509Certificate2Collection Roots)
    {
        public SigningCertificate Find(ReadOnlyMemory<byte> der) =>
            ByThumbprint.TryGetValue(HexText.Encode(SHA256.HashData(der.Span)), out var known) && known is not null ? known : new SigningCertificate(der.Span);
    }
}

/// <summary>What came of checking a bid's signature: the verdict, who signed, whether the certificate is the organisation's own, and what its authority's list says.</summary>
public sealed record SignerCheck(SignatureVerdict Verdict, SigningCertificate? Signer, bool IsOwn, RevocationState Revocation);
