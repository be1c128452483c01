using System.Security.Cryptography;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>Random coefficients are drawn again (docs/domain/bid-opening.md): alpha, the random function, the price keys that went in, and the values.</summary>
public static class CoefficientCheck
{
    private sealed record AlphaText(string Context, string ClosingList, Guid Lot, Guid Tender);

    /// <param name="manifests">Of the lot's bids, as far as they are known: their commitments fixed the keys before the deadline.</param>
    public static void Check(Report report, OpeningRecord record, IReadOnlyDictionary<Guid, BidManifest> manifests)
    {
        if (record.Coefficients is not { } draw) return;
        var alpha = CanonicalJson.Serialize(new AlphaText("tendering/v1/coefficients", record.ClosingListHash, record.LotId, record.TenderId));
        var output = HexText.Encode(alpha) == draw.Alpha && HexText.TryDecode(draw.VrfPublicKey, Ecvrf.PublicKeyLength) is { } key && HexText.TryDecode(draw.Proof, Ecvrf.ProofLength) is { } proof ? Ecvrf.Verify(key, alpha, proof) : null;
        if (!report.Require(output is not null, "opening.coefficients", "The random function of the coefficients does not hold for this lot and closing list.")) return;
        var keys = CheckInputs(report, record, draw, manifests);
        if (keys is null) return;
        var again = keys.Count < ExpertDraw.RevealsMin ? [] : Values(ExpertDraw.Seed(output!, keys), draw);
        report.Require(again.SequenceEqual(draw.Drawn.Select(d => (d.Number, d.Value))), "opening.coefficients",
            draw.Drawn.Length == 0 ? "Too few price keys were found for a draw of coefficients, and none was made." : $"The coefficients come out again: {string.Join(", ", draw.Drawn.Select(d => $"{d.Name} {d.Value}"))}.",
            "The coefficients are not those that seed and values give.");
    }

    // Each key is the one that its bid was committed to; nobody whose key the custodians had given by then is left out, and they stand by place.
    private static List<byte[]>? CheckInputs(Report report, OpeningRecord record, OpeningCoefficients draw, IReadOnlyDictionary<Guid, BidManifest> manifests)
    {
        var keys = draw.Inputs.Select(input => Base64UrlText.TryDecode(input.PriceKey)).ToArray();
        var places = record.Bids.ToDictionary(bid => bid.BidId, bid => bid.Place);
        var whole = report.Require(keys.All(key => key?.Length == ExpertDraw.RevealLength) && draw.Inputs.All(input => places.TryGetValue(input.BidId, out var place) && place == input.Place)
            && draw.Inputs.Zip(draw.Inputs.Skip(1)).All(pair => pair.First.Place < pair.Second.Place), "opening.coefficients", "The keys that coefficients were drawn from are not of the lot's bids, by place.");
        if (!whole) return null;
        foreach (var (input, key) in draw.Inputs.Zip(keys))
        {
            if (!manifests.TryGetValue(input.BidId, out var manifest)) report.Unchecked("opening.coefficients", $"The manifest of bid {input.BidId} is not known: that its key was fixed before the deadline was not checked.");
            else whole &= report.Require(BidOpener.CommitmentHolds(manifest, SealedPart.Price, key), "opening.coefficients", $"The key of bid {input.BidId} that coefficients were drawn from is not the one it was committed to.");
        }
        var owed = record.Bids.Where(bid => bid is { PriceKey: not null, OpenedBy: "custodians" } && OpeningCheck.Time(bid.DecidedAt) <= OpeningCheck.Time(draw.DrawnAt));
        whole &= report.Require(owed.All(bid => draw.Inputs.Any(input => (input.BidId, input.PriceKey) == (bid.BidId, bid.PriceKey))), "opening.coefficients", "A bid that the custodians had opened before the draw was left out of it.");
        return whole ? [.. keys.Select(key => key!)] : null;
    }

    private static IEnumerable<(int Number, string Value)> Values(byte[] seed, OpeningCoefficients draw) => draw.Drawn.Select(d =>
    {
        var number = d.Values.Length is 0 or > ExpertDraw.PoolMax ? 0 : ExpertDraw.Sequence(HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(d.Name)), d.Values.Length).First().PoolNumber;
        return (number, number == 0 ? "" : d.Values[number - 1]);
    });
}
