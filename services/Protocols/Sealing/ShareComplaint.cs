using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols;

/// <summary>What comes of a complaint. Only <see cref="Upheld"/> puts the blame on the bidder.</summary>
public enum ComplaintVerdict
{
    /// <summary>What was sealed to this custodian is not the share whose hash the manifest names.</summary>
    Upheld,

    /// <summary>The shown point is not the one that this custodian's key gives.</summary>
    ProofWrong,

    /// <summary>The share that was sealed is the one that the hash names: it can be released.</summary>
    ShareIsGood,
}

/// <summary>
/// A custodian shows that a bidder sealed to it something else than the manifest's hash names, without showing its key: the shared point D = x·E of HPKE (x its
/// private key, E the encapsulated point of this one sealed share) with a proof (Chaum and Pedersen 1992, made non-interactive) that D has the same logarithm to E as
/// the custodian's public key X to G. With D anybody opens this sealed share, and none with another E. Point compressed (33 bytes) and proof (c, s: 64 bytes) in lower-case hexadecimal.
/// </summary>
/// <remarks>c = SHA-256 of <c>tendering/v1/share-complaint</c>, the share's HPKE info, and the compressed points X, E, D, k·G, k·E, the text and info each after their length as 4 bytes; s = k + c·x modulo the order.</remarks>
public sealed record ShareComplaint(string SharedPoint, string Proof)
{
    private const int NumberLength = 32;
    private static readonly byte[] Context = Encoding.ASCII.GetBytes("tendering/v1/share-complaint");

    /// <summary>The complaint of custodian <paramref name="custodianIndex"/>, counted from 1, whether founded or not; null where what was sealed names no point of the curve, which anybody can see.</summary>
    public static ShareComplaint? Make(BidManifest manifest, string part, int custodianIndex, CustodianKey custodian)
    {
        if (Encapsulated(manifest, part, custodianIndex) is not { } e)
        {
            return null;
        }

        var scalar = custodian.ExportScalar();
        var x = P256Curve.Number(scalar);
        var info = Info(manifest, part, custodianIndex);
        var d = P256Curve.MultiplySecret(x, e);
        var k = Ecvrf.Nonce(scalar, [.. Context, .. info, .. P256Curve.Compress(e)]);
        CryptographicOperations.ZeroMemory(scalar);
        var c = Challenge(info, Point(custodian.PublicKeyBytes)!.Value, e, d, P256Curve.MultiplySecret(k, P256Curve.Generator), P256Curve.MultiplySecret(k, e));
        var s = (k + (P256Curve.Number(c) * x)) % P256Curve.Order;
        return new ShareComplaint(HexText.Encode(P256Curve.Compress(d)), HexText.Encode([.. c, .. P256Curve.Bytes(s, NumberLength)]));
    }

    /// <summary>Judges a complaint by what is public. Null stands for a sealed share that names no point at all.</summary>
    public static ComplaintVerdict Judge(BidManifest manifest, string part, int custodianIndex, ShareComplaint? complaint)
    {
        if (Encapsulated(manifest, part, custodianIndex) is not { } e)
        {
            return ComplaintVerdict.Upheld;
        }

        if (complaint is null || complaint.ProvenPoint(manifest, part, custodianIndex, e) is not { } d)
        {
            return ComplaintVerdict.ProofWrong;
        }

        try
        {
            var share = Hpke.Open(
                P256Curve.Bytes(d.X, NumberLength), Base64UrlText.Decode(manifest.CustodianKeys[custodianIndex - 1]),
                Info(manifest, part, custodianIndex), [], Base64UrlText.Decode(manifest.Part(part).SealedShares[custodianIndex - 1]));
            return BidOpener.ShareMatches(manifest, part, custodianIndex, share) ? ComplaintVerdict.ShareIsGood : ComplaintVerdict.Upheld;
        }
        catch (CryptographicException)
        {
            return ComplaintVerdict.Upheld;
        }
    }

    private CurvePoint? ProvenPoint(BidManifest manifest, string part, int custodianIndex, CurvePoint e)
    {
        if (HexText.TryDecode(SharedPoint, Ecvrf.PublicKeyLength) is not { } compressed || P256Curve.Decompress(compressed) is not { } d
            || HexText.TryDecode(Proof, 2 * NumberLength) is not { } proof || P256Curve.Number(proof.AsSpan(NumberLength)) is var s && s >= P256Curve.Order)
        {
            return null;
        }

        var x = Point(Base64UrlText.Decode(manifest.CustodianKeys[custodianIndex - 1]))!.Value;
        var c = P256Curve.Number(proof.AsSpan(0, NumberLength)) % P256Curve.Order;
        var a = Difference(s, P256Curve.Generator, c, x);
        var b = Difference(s, e, c, d);
        return a is { } foundA && b is { } foundB && Challenge(Info(manifest, part, custodianIndex), x, e, d, foundA, foundB).AsSpan().SequenceEqual(proof.AsSpan(0, NumberLength)) ? d : null;
    }

    private static CurvePoint? Difference(BigInteger s, CurvePoint p, BigInteger c, CurvePoint q)
        => P256Curve.Add(P256Curve.Multiply(s, p), P256Curve.Multiply(c, q) is { } product ? P256Curve.Negate(product) : null);

    private static CurvePoint? Encapsulated(BidManifest manifest, string part, int custodianIndex)
        => Base64UrlText.TryDecode(manifest.Part(part).SealedShares[custodianIndex - 1]) is { } box && box.Length >= Hpke.EncapsulationLength + Hpke.TagLength
            ? Point(box.AsSpan(0, Hpke.EncapsulationLength))
            : null;

    // On the curve, whose order is prime, so that every point has it.
    private static CurvePoint? Point(ReadOnlySpan<byte> uncompressed)
        => P256Key.IsPoint(uncompressed) ? new CurvePoint(P256Curve.Number(uncompressed[1..33]), P256Curve.Number(uncompressed[33..])) : null;

    private static byte[] Info(BidManifest manifest, string part, int index) => SealingContext.ShareInfo(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part, index);

    private static byte[] Challenge(byte[] info, params ReadOnlySpan<CurvePoint> points)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in new[] { Context, info })
        {
            hash.AppendData(P256Curve.Bytes(text.Length, 4));
            hash.AppendData(text);
        }

        foreach (var point in points)
        {
            hash.AppendData(P256Curve.Compress(point));
        }

        return hash.GetHashAndReset();
    }
}
