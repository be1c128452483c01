using System.Security.Cryptography;
using System.Text;
using Tendering.Protocols;

namespace Tendering.BidOpening.Domain;

/// <summary>A coefficient that the tender documents leave to chance, with the values they name.</summary>
public sealed record CandidateValues(string Name, string[] Values);

/// <summary>A price key (base64url) that went into the seed.</summary>
public sealed record KeyInput(int Place, Guid BidId, string PriceKey);

/// <summary>What was drawn: <paramref name="Number"/> counts the values from 1.</summary>
public sealed record DrawnValue(string Name, string[] Values, int Number, string Value);

/// <summary>
/// The draw of a lot's random coefficients with everything that repeats it. alpha = canonical JSON of closing list, context, lot and tender; the seed is SHA-256 of the
/// VRF's output over alpha and the price keys by place (draw.md: each bid's commitment, logged before the deadline, is the commitment, its key the reveal); coefficient
/// <c>name</c> is the first of the sequence over its values under HMAC-SHA-256(seed, name). Fewer than two keys draw nothing.
/// </summary>
public sealed record CoefficientDraw(string VrfPublicKey, string Alpha, string Proof, IReadOnlyList<KeyInput> Inputs, IReadOnlyList<DrawnValue> Drawn, string DrawnAt)
{
    private sealed record AlphaText(string Context, string ClosingList, Guid Lot, Guid Tender);

    public static byte[] AlphaOf(Guid tender, Guid lot, string closingListHash) => CanonicalJson.Serialize(new AlphaText("tendering/v1/coefficients", closingListHash, lot, tender));

    public static CoefficientDraw Make(OpeningSession session, ReadOnlySpan<byte> vrfPrivateKey, IReadOnlyList<KeyInput> keys, DateTimeOffset now)
    {
        var alpha = AlphaOf(session.TenderId, session.Id, session.ClosingListHash!);
        var proof = Ecvrf.Prove(vrfPrivateKey, alpha);
        KeyInput[] inputs = [.. keys.OrderBy(k => k.Place)];
        return new CoefficientDraw(session.VrfPublicKey!, HexText.Encode(alpha), HexText.Encode(proof), inputs, Draw(Ecvrf.ProofToHash(proof)!, inputs, session.Notice!.Coefficients!), OpeningRecord.Text(now));
    }

    /// <summary>Draws again from what is public; null where proof or alpha do not belong to this lot and list.</summary>
    public IReadOnlyList<DrawnValue>? Repeat(Guid tender, Guid lot, string closingListHash)
    {
        var alpha = AlphaOf(tender, lot, closingListHash);
        return HexText.Encode(alpha) == Alpha && Ecvrf.Verify(Convert.FromHexString(VrfPublicKey), alpha, Convert.FromHexString(Proof)) is { } output
            ? Draw(output, Inputs, [.. Drawn.Select(d => new CandidateValues(d.Name, d.Values))])
            : null;
    }

    private static DrawnValue[] Draw(byte[] output, IReadOnlyList<KeyInput> inputs, IEnumerable<CandidateValues> coefficients)
    {
        if (inputs.Count < ExpertDraw.RevealsMin) return [];
        var seed = ExpertDraw.Seed(output, [.. inputs.Select(i => Base64UrlText.Decode(i.PriceKey))]);
        return [.. coefficients.Select(c =>
        {
            var number = ExpertDraw.Sequence(HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(c.Name)), c.Values.Length).First().PoolNumber;
            return new DrawnValue(c.Name, c.Values, number, c.Values[number - 1]);
        })];
    }
}
