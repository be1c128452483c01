using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>What came of checking a bid's signature.</summary>
public enum SignatureVerdict
{
    Good,
    Malformed,
    Algorithm,
    SignatureWrong,
    CertificateNotForSigning,
    CertificateNotTrusted,
    CertificateNotValidThen,
}

/// <summary>The verdict, and who signed as far as it could be read.</summary>
public sealed record SignatureCheck(SignatureVerdict Verdict, SigningCertificate? Signer)
{
    private const string OrganizationIdentifierOid = "2.5.4.97";
    private const string SerialNumberOid = "2.5.4.5";

    public X509Certificate2? Certificate => Signer?.Certificate;

    public bool IsGood => Verdict == SignatureVerdict.Good;

    /// <summary>
    /// The organisation's own number from the certificate's subject: organizationIdentifier without a prefix such as <c>NTRCN-</c> (ETSI EN 319 412-1),
    /// else serialNumber; null if it has neither.
    /// </summary>
    public string? SubjectOrganisation => Certificate is null ? null : OrganisationOf(Certificate);

    public static string? OrganisationOf(X509Certificate2 certificate)
        => Attribute(certificate, OrganizationIdentifierOid) is { } identifier ? WithoutPrefix(identifier) : Attribute(certificate, SerialNumberOid);

    internal static SignatureCheck Refused(SignatureVerdict verdict, SigningCertificate? signer = null) => new(verdict, signer);

    private static string WithoutPrefix(string identifier) => identifier is { Length: > 6 } && identifier[5] == '-' && identifier[..5].All(char.IsAsciiLetterUpper) ? identifier[6..] : identifier;

    private static string? Attribute(X509Certificate2 certificate, string oid)
        => certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .FirstOrDefault(name => !name.HasMultipleElements && name.GetSingleElementType().Value == oid)?.GetSingleElementValue();
}
