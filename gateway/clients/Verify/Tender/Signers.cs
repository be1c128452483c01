using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>
/// Judges organisations' signatures: by the authorities that one was told to trust, and by the certificates that the log has for the organisation where there is a log.
/// </summary>
public sealed class Signers(X509Certificate2Collection? roots, LoggedKeys? logged, Report report)
{
    private bool _said;

    /// <summary>The check where the signature holds, or where only whom to trust is not known, which is said; null: bad.</summary>
    public SignatureCheck? Check(string code, string what, byte[] content, string base64, Guid organisation, DateTimeOffset at)
    {
        LoggedCertificate[] known = [.. logged?.Of(organisation) ?? []];
        var check = Decode(base64) is { } cms ? BidSignature.Verify(content, cms, roots ?? [.. known.SelectMany(c => c.Issuers)], at) : null;
        var own = Array.Find(known, c => c.Thumbprint == check?.Signer?.Thumbprint);
        if (check is { Verdict: SignatureVerdict.CertificateNotTrusted } && roots is null && own is null)
        {
            report.Unchecked("opening.certificate", $"{what} is signed by {check.Certificate?.Subject}, but no authorities were named that one trusts (--bid-roots){(logged is null ? "" : ", and the log has no such certificate")}.");
            return check;
        }
        if (!report.Require(check is { IsGood: true }, code, $"The signature of {what} does not hold: {check?.Verdict.ToString() ?? "Malformed"}.")) return null;
        if (own is not null && !report.Require(!(own.RevokedAt <= at), code, $"{what} is signed with a certificate that was revoked on {own.RevokedAt:yyyy-MM-dd HH:mm:ss}.")) return null;
        if (own is null && known.Length > 0) report.Unchecked("opening.certificate", $"{what} is signed with a certificate that the log has not for its organisation.");
        if (roots is null && !_said) report.Unchecked("opening.certificate", "Certificates are those that the log has for their organisations; no authorities were named that one trusts (--bid-roots).");
        _said |= roots is null;
        return check;
    }

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[BidSignature.BytesMax];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
