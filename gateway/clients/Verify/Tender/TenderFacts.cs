using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>What the events of a tender say of each lot, compared with each other and with the documents that they name.</summary>
public sealed class TenderFacts(IReadOnlyList<ShownEvent> events, Documents documents, DossierOptions options, Report report)
{
    public async Task CheckAsync()
    {
        documents.Check();
        using var keys = new LoggedKeys(events, report);
        Hostile.Guard(report, "tender.notice", "A notice", () => new NoticeCheck(events, documents, report).Check());
        var lots = events.Where(e => e.Payload.ValueKind == JsonValueKind.Object && e.Payload.TryGetProperty("lotId", out var lot) && lot.ValueKind == JsonValueKind.String && lot.TryGetGuid(out _)).GroupBy(e => e.Payload.GetProperty("lotId").GetGuid());
        foreach (var lot in lots) await CheckLotAsync(lot.Key, [.. lot], keys);
        report.Note("tender.left-out", "Tender documents themselves, the bids' archives and whatever of a bid was never opened are not in a dossier: notices and manifests hold their digests.");
    }

    private async Task CheckLotAsync(Guid lot, ShownEvent[] of, LoggedKeys keys)
    {
        foreach (var check in new[] { CheckClosing, CheckOpening, CheckCandidates })
            Hostile.Guard(report, "tender.event", $"What the events of lot {lot} say", () => check(lot, of));
        await new LotDocuments(lot, of, events, documents, keys, options, report).CheckAsync();
    }

    // The list whose hash was public at the deadline is the one that came out, and holds the last bid of every bidder that did not withdraw.
    private void CheckClosing(Guid lot, ShownEvent[] of)
    {
        if (Find(of, "bidding.closing-list-drawn") is not { } list || Find(of, "bidding.bidding-closed") is not { } closed) return;
        var bids = list.GetProperty("bids").EnumerateArray().ToArray();
        var hash = HexText.Sha256(CanonicalJson.Serialize(bids.Select(bid => new OpeningCheck.ClosingLine(bid.GetProperty("bidId").GetGuid(), bid.GetProperty("manifestHash").GetString()!)).ToArray()));
        report.Require(hash == closed.GetProperty("closingListHash").GetString(), "tender.closing-list", $"Lot {lot}: the closing list is the one whose hash was published at the deadline.", $"Lot {lot}: the closing list is not the one whose hash was published at the deadline.");

        var standing = new Dictionary<Guid, (Guid Bid, string Hash)>();
        foreach (var e in of.Where(e => e.Type is "bidding.bid-submitted" or "bidding.bid-replaced" or "bidding.bid-withdrawn"))
        {
            var bidder = e.Payload.GetProperty("bidderId").GetGuid();
            if (e.Type == "bidding.bid-withdrawn") standing.Remove(bidder);
            else standing[bidder] = (e.Payload.GetProperty("bidId").GetGuid(), e.Payload.GetProperty("manifestHash").GetString()!);
        }
        var listed = bids.ToDictionary(bid => bid.GetProperty("bidderId").GetGuid(), bid => (bid.GetProperty("bidId").GetGuid(), bid.GetProperty("manifestHash").GetString()!));
        report.Require(standing.Count == listed.Count && standing.All(bid => listed.TryGetValue(bid.Key, out var on) && on == bid.Value), "tender.bids", $"Lot {lot}: {listed.Count} bids stood at the deadline, and all are on the closing list.", $"Lot {lot}: the closing list is not the bids that stood at the deadline.");
        foreach (var bid in bids)
            report.Require(HexText.Sha256(Encoding.UTF8.GetBytes(bid.GetProperty("manifest").GetString()!)) == bid.GetProperty("manifestHash").GetString(), "tender.manifest", $"Lot {lot}: the manifest of bid {bid.GetProperty("bidId")} is not that of its hash.");
    }

    // Each price key opens what its manifest commits to, and record and events say the same.
    private void CheckOpening(Guid lot, ShownEvent[] of)
    {
        if (Find(of, "bid-opening.opening-completed") is not { } completed) return;
        var manifests = Find(of, "bidding.closing-list-drawn")?.GetProperty("bids").EnumerateArray().ToDictionary(bid => bid.GetProperty("bidId").GetGuid(), bid => bid.GetProperty("manifest").GetString()!) ?? [];
        var opened = of.Where(e => e.Type == "bid-opening.bid-opened").ToDictionary(e => e.Payload.GetProperty("bidId").GetGuid(), e => e.Payload);
        var keys = 0;
        foreach (var bid in completed.GetProperty("bids").EnumerateArray())
        {
            var id = bid.GetProperty("bidId").GetGuid();
            var price = bid.GetProperty("price") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : (long?)null;
            var said = opened.TryGetValue(id, out var e) ? e.GetProperty("price").GetInt64() : (long?)null;
            report.Require(said == price, "tender.price", $"Lot {lot}: of bid {id} the opening said {said} (nothing: not opened), and its record {price}.");
            if (said is null || !manifests.TryGetValue(id, out var text)) continue;
            var holds = BidManifest.Parse(Encoding.UTF8.GetBytes(text)) is var manifest && Base64UrlText.TryDecode(e.GetProperty("priceKey").GetString()) is { } key && BidOpener.CommitmentHolds(manifest, SealedPart.Price, key);
            keys += report.Require(holds, "tender.commitment", $"Lot {lot}: the key of bid {id} is not the one that its manifest commits to.") ? 1 : 0;
        }
        if (keys > 0) report.Good("tender.commitment", $"Lot {lot}: the keys of {keys} prices are those that the bidders committed to.");
    }

    // Lowest price first among those that were opened and not rejected, up to the last candidate's rank.
    private void CheckCandidates(Guid lot, ShownEvent[] of)
    {
        if (Find(of, "evaluation.evaluation-completed") is not { } completed || Find(of, "bid-opening.opening-completed") is not { } opening) return;
        // What an earlier report rejected, which was set aside, counts no more.
        var drawn = completed.GetProperty("reportHash").GetString();
        var rejected = of.Where(e => e.Type == "evaluation.bid-excluded" || (e.Type == "evaluation.bid-rejected" && (!e.Payload.TryGetProperty("reportHash", out var hash) || hash.ValueKind == JsonValueKind.Null || hash.GetString() == drawn)))
            .Select(e => e.Payload.GetProperty("bidId").GetGuid()).ToHashSet();
        var prices = opening.GetProperty("bids").EnumerateArray().Where(bid => bid.GetProperty("price").ValueKind == JsonValueKind.Number && !rejected.Contains(bid.GetProperty("bidId").GetGuid()))
            .ToDictionary(bid => bid.GetProperty("bidId").GetGuid(), bid => bid.GetProperty("price").GetInt64());
        var candidates = completed.GetProperty("candidates").EnumerateArray().Select(c => (Rank: c.GetProperty("rank").GetInt32(), Bid: c.GetProperty("bidId").GetGuid(), Price: c.GetProperty("price").GetInt64())).ToArray();
        var last = candidates.Length == 0 ? 0 : candidates.Max(c => c.Rank);
        var expected = prices.Select(bid => (Rank: 1 + prices.Values.Count(price => price < bid.Value), Bid: bid.Key, Price: bid.Value)).Where(bid => bid.Rank <= last);
        report.Require(candidates.Order().SequenceEqual(expected.Order()) && (candidates.Length > 0 || prices.Count == 0), "tender.candidates", $"Lot {lot}: the {candidates.Length} candidates are the lowest of the prices that were opened and not rejected.", $"Lot {lot}: the candidates are not the lowest of the prices that were opened and not rejected.");
        if (Find(of, "tenders.award-decided") is { } award)
            report.Require(candidates.Any(c => c.Bid == award.GetProperty("winner").GetProperty("bidId").GetGuid() && c.Price == award.GetProperty("winner").GetProperty("price").GetInt64()), "tender.award", $"Lot {lot}: the award goes to a candidate at its price.", $"Lot {lot}: the award goes to somebody who is no candidate.");
    }

    internal static JsonElement? Find(ShownEvent[] of, string type) => Array.FindLast(of, e => e.Type == type)?.Payload;
}
