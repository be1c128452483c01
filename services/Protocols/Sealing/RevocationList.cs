using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>A certificate authority's revocation list (RFC 5280 section 5), DER or PEM: who issued it, until when it is fresh, which serial numbers it revokes. Delta and indirect lists are refused.</summary>
public sealed class RevocationList
{
    private const string PemLabel = "X509 CRL";
    private static readonly string[] Unfit = ["2.5.29.27", "2.5.29.28"];

    private static readonly Dictionary<string, HashAlgorithmName> Ecdsa = new()
    {
        ["1.2.840.10045.4.3.2"] = HashAlgorithmName.SHA256, ["1.2.840.10045.4.3.3"] = HashAlgorithmName.SHA384, ["1.2.840.10045.4.3.4"] = HashAlgorithmName.SHA512,
    };

    private static readonly Dictionary<string, HashAlgorithmName> Rsa = new()
    {
        ["1.2.840.113549.1.1.11"] = HashAlgorithmName.SHA256, ["1.2.840.113549.1.1.12"] = HashAlgorithmName.SHA384, ["1.2.840.113549.1.1.13"] = HashAlgorithmName.SHA512,
    };

    private readonly ReadOnlyMemory<byte> body;
    private readonly ReadOnlyMemory<byte> signature;
    private readonly string algorithm;

    private RevocationList(AsnReader list)
    {
        body = list.PeekEncodedValue();
        var inner = list.ReadSequence();
        algorithm = list.ReadSequence().ReadObjectIdentifier();
        signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();

        if (inner.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            inner.ReadInteger();
        }

        if (inner.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            throw new CryptographicException("The list names two signature algorithms.");
        }

        Issuer = HexText.Encode(inner.ReadEncodedValue().Span);
        ThisUpdate = ReadTime(inner);
        NextUpdate = inner.HasData && IsTime(inner.PeekTag()) ? ReadTime(inner) : null;
        SerialNumbers = inner.HasData && inner.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? ReadEntries(inner.ReadSequence()) : [];
        RefuseUnfit(inner);
    }

    /// <summary>The issuer's name, DER in lower-case hexadecimal.</summary>
    public string Issuer { get; }

    public DateTimeOffset ThisUpdate { get; }

    /// <summary>When the next list is due, if the list says so.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>Hexadecimal.</summary>
    public IReadOnlyList<string> SerialNumbers { get; }

    /// <summary>Reads a list; what is none is a <see cref="CryptographicException"/>. Who signed it is to be asked by <see cref="IsSignedBy"/>.</summary>
    public static RevocationList Read(byte[] file)
    {
        try
        {
            return new RevocationList(new AsnReader(Der(file), AsnEncodingRules.DER).ReadSequence());
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("Not a certificate revocation list.", e);
        }
    }

    /// <summary>One spelling of a serial number in hexadecimal: upper case, no leading zeros.</summary>
    public static string Normal(string serialNumber) => serialNumber.ToUpperInvariant().TrimStart('0');

    public bool IsSignedBy(X509Certificate2 authority)
    {
        if (HexText.Encode(authority.SubjectName.RawData) != Issuer)
        {
            return false;
        }

        using var ecdsa = authority.GetECDsaPublicKey();
        using var rsa = authority.GetRSAPublicKey();
        return (ecdsa is not null && Ecdsa.TryGetValue(algorithm, out var hash) && ecdsa.VerifyData(body.Span, signature.Span, hash, DSASignatureFormat.Rfc3279DerSequence))
            || (rsa is not null && Rsa.TryGetValue(algorithm, out hash) && rsa.VerifyData(body.Span, signature.Span, hash, RSASignaturePadding.Pkcs1));
    }

    private static byte[] Der(byte[] file)
    {
        var text = System.Text.Encoding.ASCII.GetString(file);
        return PemEncoding.TryFind(text, out var fields) && text[fields.Label] == PemLabel ? Convert.FromBase64String(text[fields.Base64Data]) : file;
    }

    private static List<string> ReadEntries(AsnReader entries)
    {
        var serials = new List<string>();
        while (entries.HasData)
        {
            serials.Add(Convert.ToHexString(entries.ReadSequence().ReadIntegerBytes().Span));
        }

        return serials;
    }

    // A delta list says only what changed, an indirect one names others' certificates: read as a whole list each would be wrong.
    private static void RefuseUnfit(AsnReader inner)
    {
        if (!inner.HasData)
        {
            return;
        }

        var extensions = inner.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            if (Unfit.Contains(extension.ReadObjectIdentifier()))
            {
                throw new CryptographicException("The list is a delta or covers only a part.");
            }
        }
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
