using System.Formats.Asn1;

namespace Tendering.Protocols;

/// <summary>
/// The one shape of a bid's CMS: DER, SignedData version 1 without content, one signer named by issuer and serial number, signed attributes with the
/// content's type and digest, no unsigned ones, nothing behind. Read by hand: the framework's decoder forgives much of what no signature covers, and takes ten times as long.
/// </summary>
internal sealed record CmsForm(
    IReadOnlyList<ReadOnlyMemory<byte>> Certificates, ReadOnlyMemory<byte> Issuer, ReadOnlyMemory<byte> SerialNumber,
    string DigestAlgorithm, string SignatureAlgorithm, ReadOnlyMemory<byte> MessageDigest, byte[] SignedAttributes, ReadOnlyMemory<byte> Signature)
{
    public const string Sha256 = "2.16.840.1.101.3.4.2.1";
    public const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";
    private const string SignedData = "1.2.840.113549.1.7.2";
    private const string Data = "1.2.840.113549.1.7.1";
    private const string ContentTypeAttribute = "1.2.840.113549.1.9.3";
    private const string MessageDigestAttribute = "1.2.840.113549.1.9.4";

    private static readonly Asn1Tag Zero = new(TagClass.ContextSpecific, 0);

    /// <summary>The message's fields, or null if it has another shape.</summary>
    public static CmsForm? Read(ReadOnlyMemory<byte> cms)
    {
        try
        {
            var outer = new AsnReader(cms, AsnEncodingRules.DER);
            var info = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            if (info.ReadObjectIdentifier() != SignedData)
            {
                return null;
            }

            var wrapped = info.ReadSequence(Zero);
            info.ThrowIfNotEmpty();
            var signed = wrapped.ReadSequence();
            wrapped.ThrowIfNotEmpty();
            return ReadSigned(signed);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>The certificate that the signer is named by, or null if the message brings none or two.</summary>
    public ReadOnlyMemory<byte>? FindCertificate()
    {
        var named = Certificates.Where(IsSigners).ToArray();
        return named.Length == 1 ? named[0] : null;
    }

    private static CmsForm? ReadSigned(AsnReader signed)
    {
        if (signed.ReadInteger() != 1 || ReadOnlyAlgorithm(signed.ReadSetOf()) is not { } digest)
        {
            return null;
        }

        // A message that brings its own content would be checked against that instead of the manifest.
        var content = signed.ReadSequence();
        if (content.ReadObjectIdentifier() != Data || content.HasData)
        {
            return null;
        }

        var certificates = ReadAll(signed.ReadSetOf(Zero));
        var signers = signed.ReadSetOf();
        signed.ThrowIfNotEmpty();
        var signer = signers.ReadSequence();
        return signers.HasData ? null : ReadSigner(signer, certificates, digest);
    }

    private static CmsForm? ReadSigner(AsnReader signer, List<ReadOnlyMemory<byte>> certificates, string digest)
    {
        if (signer.ReadInteger() != 1)
        {
            return null;
        }

        var name = signer.ReadSequence();
        var (issuer, serial) = (name.ReadEncodedValue(), name.ReadIntegerBytes());
        name.ThrowIfNotEmpty();
        if (ReadAlgorithm(signer) != digest)
        {
            return null;
        }

        // What is signed is the attributes as a SET OF, whose tag stands for the implicit one (RFC 5652 section 5.4).
        var attributes = signer.PeekEncodedValue().ToArray();
        var messageDigest = ReadAttributes(signer.ReadSetOf(Zero));
        attributes[0] = 0x31;
        var (algorithm, signature) = (ReadAlgorithm(signer), signer.ReadOctetString());
        return messageDigest is not { } found || algorithm is null || signer.HasData ? null
            : new CmsForm(certificates, issuer, serial, digest, algorithm, found, attributes, signature);
    }

    // Content type and message digest, each once and with one value; others may be there and are covered by the signature.
    private static ReadOnlyMemory<byte>? ReadAttributes(AsnReader attributes)
    {
        ReadOnlyMemory<byte>? digest = null;
        var types = new HashSet<string>();
        while (attributes.HasData)
        {
            var attribute = attributes.ReadSequence();
            var type = attribute.ReadObjectIdentifier();
            var values = attribute.ReadSetOf();
            attribute.ThrowIfNotEmpty();
            if (!types.Add(type))
            {
                return null;
            }

            if (type == ContentTypeAttribute && (values.ReadObjectIdentifier() != Data || values.HasData))
            {
                return null;
            }

            if (type == MessageDigestAttribute)
            {
                digest = values.ReadOctetString();
                values.ThrowIfNotEmpty();
            }
        }

        return types.Contains(ContentTypeAttribute) ? digest : null;
    }

    private bool IsSigners(ReadOnlyMemory<byte> certificate)
    {
        try
        {
            var body = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (body.PeekTag().HasSameClassAndValue(Zero))
            {
                body.ReadEncodedValue();
            }

            var serial = body.ReadIntegerBytes();
            body.ReadSequence();
            return serial.Span.SequenceEqual(SerialNumber.Span) && body.PeekEncodedValue().Span.SequenceEqual(Issuer.Span);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static List<ReadOnlyMemory<byte>> ReadAll(AsnReader set)
    {
        var all = new List<ReadOnlyMemory<byte>>();
        while (set.HasData)
        {
            all.Add(set.PeekEncodedValue());
            set.ReadSequence();
        }

        return all;
    }

    private static string? ReadOnlyAlgorithm(AsnReader algorithms) => ReadAlgorithm(algorithms) is { } oid && !algorithms.HasData ? oid : null;

    // Parameters are absent or NULL.
    private static string? ReadAlgorithm(AsnReader reader)
    {
        var algorithm = reader.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        return algorithm.HasData ? null : oid;
    }
}
