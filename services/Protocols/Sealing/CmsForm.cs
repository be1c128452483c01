using System.Formats.Asn1;

namespace Tendering.Protocols;

/// <summary>
/// The one shape of a bid's CMS: DER, SignedData version 1 without content, one signer named by issuer and serial number, SHA-256, ECDSA with SHA-256,
/// signed attributes, no unsigned ones, nothing behind. The framework's decoder forgives much of what no signature covers; a stored signature should have no such slack.
/// </summary>
internal static class CmsForm
{
    private const string SignedData = "1.2.840.113549.1.7.2";
    private const string Data = "1.2.840.113549.1.7.1";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

    private static readonly Asn1Tag Zero = new(TagClass.ContextSpecific, 0);

    public static bool IsExpected(ReadOnlyMemory<byte> cms)
    {
        try
        {
            var outer = new AsnReader(cms, AsnEncodingRules.DER);
            var info = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            if (info.ReadObjectIdentifier() != SignedData)
            {
                return false;
            }

            var wrapped = info.ReadSequence(Zero);
            info.ThrowIfNotEmpty();
            var signed = wrapped.ReadSequence();
            wrapped.ThrowIfNotEmpty();
            return IsExpected(signed);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsExpected(AsnReader signed)
    {
        if (signed.ReadInteger() != 1 || !IsOnly(signed.ReadSetOf(), Sha256))
        {
            return false;
        }

        // A message that brings its own content would be checked against that instead of the manifest.
        var content = signed.ReadSequence();
        if (content.ReadObjectIdentifier() != Data || content.HasData)
        {
            return false;
        }

        signed.ReadSetOf(Zero);
        var signers = signed.ReadSetOf();
        signed.ThrowIfNotEmpty();
        var signer = signers.ReadSequence();
        return !signers.HasData && IsExpectedSigner(signer);
    }

    private static bool IsExpectedSigner(AsnReader signer)
    {
        if (signer.ReadInteger() != 1)
        {
            return false;
        }

        signer.ReadSequence();
        if (!IsAlgorithm(signer, Sha256))
        {
            return false;
        }

        signer.ReadSetOf(Zero);
        if (!IsAlgorithm(signer, EcdsaWithSha256))
        {
            return false;
        }

        signer.ReadOctetString();
        return !signer.HasData;
    }

    private static bool IsOnly(AsnReader algorithms, string oid) => IsAlgorithm(algorithms, oid) && !algorithms.HasData;

    private static bool IsAlgorithm(AsnReader reader, string oid)
    {
        var algorithm = reader.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != oid)
        {
            return false;
        }

        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        return !algorithm.HasData;
    }
}
