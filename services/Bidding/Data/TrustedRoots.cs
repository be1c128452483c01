using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Bidding.Data;

/// <summary>
/// Which authorities' certificates are believed: those in the PEM file that <c>Certificates:TrustedRoots</c> names. Without it, in development only,
/// the authority of the local run, as identity names it with each certificate.
/// </summary>
public sealed class TrustedRoots
{
    private readonly X509Certificate2Collection? _configured;

    public TrustedRoots(IConfiguration configuration, IHostEnvironment environment)
    {
        if (configuration["Certificates:TrustedRoots"] is { Length: > 0 } file)
        {
            _configured = [];
            _configured.ImportFromPemFile(file);
        }
        else if (!environment.IsDevelopment()) throw new InvalidOperationException("Certificates:TrustedRoots is not set: a PEM file with the authorities whose certificates may sign bids.");
    }

    /// <summary>Those that configuration names.</summary>
    public IEnumerable<X509Certificate2> All => _configured ?? [];

    public X509Certificate2Collection For(IEnumerable<string> issuers)
    {
        if (_configured is not null) return _configured;
        var roots = new X509Certificate2Collection();
        foreach (var issuer in issuers.Distinct()) roots.ImportFromPem(issuer);
        return roots;
    }

    public static string ThumbprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
}
