using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>What the events of a tender say of each lot, compared with each other and with the documents that they name.</summary>
public sealed class TenderFacts(IReadOnlyList<ShownEvent> events, DossierOptions options, Report report)
{
    public async Task CheckAsync()
    {
        var lots = events.Where(e => e.Payload.TryGetProperty("lotId", out var lot) && lot.ValueKind == JsonValueKind.String && lot.TryGetGuid(out _)).GroupBy(e => e.Payload.GetProperty("lotId").GetGuid());
        foreach (var lot in lots)
        {
            try { await CheckLotAsync(lot.Key, [.. lot]); }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or ProtocolException) { report.Bad("tender.event", $"Lot {lot.Key}: its events do not say what they should: {e.Message}"); }
        }
        if (options.Documents is null) report.Unchecked("tender.documents", "No documents were given (--documents): opening records, ciphertexts and reports were not compared with their hashes.");
    }

    private async Task CheckLotAsync(Guid lot, ShownEvent[] of)
    {
        var closing = Find(of, "bidding.closing-list-drawn");
        CheckClosing(lot, of, closing);
        CheckOpening(lot, of, closing);
        CheckDraw(lot, of);
        CheckCandidates(lot, of);
        if (options.Documents is not null) await CheckDocumentsAsync(lot, of);
    }

    // The list whose hash was public at the deadline is the one that came out, and holds the last bid of every bidder that did not withdraw.
    private void CheckClosing(Guid lot, ShownEvent[] of, JsonElement? closing)
    {
        if (closing is not { } list || Find(of, "bidding.bidding-closed") is not { } closed) return;
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
    private void CheckOpening(Guid lot, ShownEvent[] of, JsonElement? closing)
    {
        if (Find(of, "bid-opening.opening-completed") is not { } completed) return;
        var manifests = closing?.GetProperty("bids").EnumerateArray().ToDictionary(bid => bid.GetProperty("bidId").GetGuid(), bid => bid.GetProperty("manifest").GetString()!) ?? [];
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

    private void CheckDraw(Guid lot, ShownEvent[] of)
    {
        foreach (var drawn in of.Where(e => e.Type == "expert-selection.committee-drawn"))
        {
            if (DrawCheck.Read<DrawRecord>(report, Encoding.UTF8.GetBytes(drawn.Payload.GetProperty("record").GetString()!), "draw.malformed", "record of the draw") is not { } record) continue;
            var draw = drawn.Payload.GetProperty("drawId").GetGuid();
            var pool = options.Documents is { } folder && File.Exists(Path.Combine(folder, $"{draw}.pool.json")) ? DrawCheck.Read<PoolEntry[]>(report, File.ReadAllBytes(Path.Combine(folder, $"{draw}.pool.json")), "draw.pool-malformed", "pool") : null;
            DrawCheck.Check(report, record, pool, options.VrfKey);
            var steps = of.Where(e => e.Payload.TryGetProperty("drawId", out var id) && id.GetGuid() == draw).ToArray();
            report.Require(steps.Any(e => e.Type == "expert-selection.pool-frozen" && e.Payload.GetProperty("poolHash").GetString() == record.PoolHash), "tender.draw", $"Lot {lot}: the pool that was drawn from is not the one that was frozen.");
            report.Require(record.Parties.All(party => steps.Any(e => e.Type == "expert-selection.draw-committed" && e.Payload.GetProperty("commitment").GetString() == party.Commitment)
                && (party.Reveal is null || steps.Any(e => e.Type == "expert-selection.draw-revealed" && e.Payload.GetProperty("reveal") is { ValueKind: JsonValueKind.String } reveal && reveal.GetString() == party.Reveal))),
                "tender.draw", $"Lot {lot}: what the parties committed to and revealed is what the draw was made from.", $"Lot {lot}: the draw's record has other commitments or reveals than the log.");
        }
    }

    // Lowest price first among those that were opened and not rejected, up to the last candidate's rank.
    private void CheckCandidates(Guid lot, ShownEvent[] of)
    {
        if (Find(of, "evaluation.evaluation-completed") is not { } completed || Find(of, "bid-opening.opening-completed") is not { } opening) return;
        var rejected = of.Where(e => e.Type == "evaluation.bid-rejected").Select(e => e.Payload.GetProperty("bidId").GetGuid()).ToHashSet();
        var prices = opening.GetProperty("bids").EnumerateArray().Where(bid => bid.GetProperty("price").ValueKind == JsonValueKind.Number && !rejected.Contains(bid.GetProperty("bidId").GetGuid()))
            .ToDictionary(bid => bid.GetProperty("bidId").GetGuid(), bid => bid.GetProperty("price").GetInt64());
        var candidates = completed.GetProperty("candidates").EnumerateArray().Select(c => (Rank: c.GetProperty("rank").GetInt32(), Bid: c.GetProperty("bidId").GetGuid(), Price: c.GetProperty("price").GetInt64())).ToArray();
        var last = candidates.Length == 0 ? 0 : candidates.Max(c => c.Rank);
        var expected = prices.Select(bid => (Rank: 1 + prices.Values.Count(price => price < bid.Value), Bid: bid.Key, Price: bid.Value)).Where(bid => bid.Rank <= last);
        report.Require(candidates.Order().SequenceEqual(expected.Order()) && (candidates.Length > 0 || prices.Count == 0), "tender.candidates", $"Lot {lot}: the {candidates.Length} candidates are the lowest of the prices that were opened and not rejected.", $"Lot {lot}: the candidates are not the lowest of the prices that were opened and not rejected.");
        if (Find(of, "tenders.award-decided") is { } award)
            report.Require(candidates.Any(c => c.Bid == award.GetProperty("winner").GetProperty("bidId").GetGuid() && c.Price == award.GetProperty("winner").GetProperty("price").GetInt64()), "tender.award", $"Lot {lot}: the award goes to a candidate at its price.", $"Lot {lot}: the award goes to somebody who is no candidate.");
    }

    private async Task CheckDocumentsAsync(Guid lot, ShownEvent[] of)
    {
        var record = Document(lot, Find(of, "bid-opening.opening-completed"), "recordHash", $"{lot}.opening.json");
        if (record is not null && OpeningCheck.Read(report, record) is { } opening)
        {
            var proofs = new Dictionary<Guid, BidProof>();
            foreach (var bid in opening.Bids)
                if (Path.Combine(options.Documents!, $"{bid.BidId}.proof.json") is var file && File.Exists(file) && OpeningCheck.ReadProof(report, await File.ReadAllBytesAsync(file), file) is { } proof) proofs[bid.BidId] = proof;
            await OpeningCheck.CheckAsync(report, opening, proofs, options.BidRoots, options.ReceiptKey);
        }
        if (Document(lot, Find(of, "evaluation.evaluation-completed"), "reportHash", $"{lot}.report.json") is not { } bytes || EvaluationCheck.Read(report, bytes) is not { } evaluation) return;
        EvaluationCheck.Check(report, evaluation);
        if (record is not null) EvaluationCheck.CompareWithOpening(report, evaluation, record);
        var committee = Path.Combine(options.Documents!, $"{lot}.committee.json");
        if (File.Exists(committee)) EvaluationCheck.CheckCommittee(report, evaluation, HexText.Sha256(bytes), await File.ReadAllBytesAsync(committee));
        else report.Unchecked("tender.documents", $"{lot}.committee.json is not among the documents: who signed the report was not checked.");
    }

    private byte[]? Document(Guid lot, JsonElement? e, string hash, string name)
    {
        if (e is not { } said) return null;
        var file = Path.Combine(options.Documents!, name);
        if (!File.Exists(file))
        {
            report.Unchecked("tender.documents", $"{name} is not among the documents.");
            return null;
        }
        var bytes = File.ReadAllBytes(file);
        return report.Require(HexText.Sha256(bytes) == said.GetProperty(hash).GetString(), "tender.document", $"{name} is the one whose hash the log has.", $"{name} is not the one whose hash the log has.") ? bytes : null;
    }

    private static JsonElement? Find(ShownEvent[] of, string type) => Array.FindLast(of, e => e.Type == type)?.Payload;
}
