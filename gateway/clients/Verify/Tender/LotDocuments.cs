using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>The documents of one lot against the hashes that the log has of them, and what can be done again from them: opening, draws, evaluation.</summary>
public sealed class LotDocuments(Guid lot, ShownEvent[] of, IReadOnlyList<ShownEvent> events, Documents documents, LoggedKeys keys, DossierOptions options, Report report)
{
    // From here on the law lets everybody see report, committee and draw.
    private readonly bool _resulted = of.Any(e => e.Type is "tenders.candidates-published" or "tenders.award-notice-issued" or "tenders.lot-failed");

    public async Task CheckAsync()
    {
        byte[]? record = null;
        await Hostile.GuardAsync(report, "opening.malformed", $"The opening of lot {lot}", async () => record = await CheckOpeningAsync());
        Hostile.Guard(report, "draw.malformed", $"A draw of lot {lot}", CheckDraws);
        Hostile.Guard(report, "evaluation.malformed", $"The evaluation of lot {lot}", () => CheckEvaluation(record));
    }

    private async Task<byte[]?> CheckOpeningAsync()
    {
        if (Find("bid-opening.opening-completed") is not { } completed)
        {
            if (Find("bidding.closing-list-drawn") is { } list && Find("tenders.lot-failed") is not null) report.Note("tender.sealed", $"Lot {lot} failed without an opening: {list.GetProperty("bids").GetArrayLength()} bids stay sealed, and nothing of their contents is in the dossier.");
            return null;
        }
        var record = Document(Documents.Opening, lot, completed.GetProperty("recordHash").GetString(), isPublic: true);
        if (record is null || OpeningCheck.Read(report, record) is not { } opening) return record;
        using var given = options.ReceiptKey is { } file ? Signatures.PublicKey(file) : null;
        var signers = new Signers(options.BidRoots, keys, report);
        await OpeningCheck.CheckAsync(report, opening, Proofs(opening), signers, given ?? keys.ReceiptKey);
        ConfirmationCheck.CheckSignatures(report, opening, OpeningCheck.Announcement(record), signers);
        ConfirmationCheck.CompareWithEvents(report, opening, of);
        if (given is null && keys.ReceiptKeyText is { } receipts) CheckKey("tender.receipt-key", $"Lot {lot}: each receipt", LoggedKeys.Receipts, receipts, null, before: "bidding.bidding-closed", since: "bidding closed");
        CheckCoefficients(opening);
        return record;
    }

    // Signed manifest and receipt are in the closing list, ciphertext and key in what was told at the opening.
    private Dictionary<Guid, BidProof> Proofs(OpeningRecord opening)
    {
        var closed = Find("bidding.closing-list-drawn")?.GetProperty("bids").EnumerateArray().ToDictionary(bid => bid.GetProperty("bidId").GetGuid()) ?? [];
        var opened = of.Where(e => e.Type == "bid-opening.bid-opened").ToDictionary(e => e.Payload.GetProperty("bidId").GetGuid(), e => e.Payload);
        var proofs = new Dictionary<Guid, BidProof>();
        foreach (var bid in opening.Bids)
        {
            var cipher = opened.TryGetValue(bid.BidId, out var told) ? Text(told, "priceCiphertext") : null;
            if (documents.InFolder($"{bid.BidId}.proof.json") is { } bytes && OpeningCheck.ReadProof(report, bytes, $"{bid.BidId}.proof.json") is { } given) proofs[bid.BidId] = given;
            else if ((cipher is not null || bid.Price is null) && closed.TryGetValue(bid.BidId, out var line) && (Text(line, "manifest"), Text(line, "signature"), Text(line, "receipt")) is ({ } manifest, { } signature, { } receipt))
                proofs[bid.BidId] = new BidProof(bid.BidId, manifest, signature, receipt, cipher, bid.PriceKey) { OfEvents = true };
        }
        return proofs;
    }

    // What the tender asked for was drawn, under a key that stood in the log before the closing list was known.
    private void CheckCoefficients(OpeningRecord opening)
    {
        var published = events.LastOrDefault(e => e.Type == "tenders.tender-published")?.Payload;
        var asked = published is { } tender && tender.TryGetProperty("lots", out var lots) ? lots.EnumerateArray().Where(l => l.GetProperty("lotId").GetGuid() == lot && l.TryGetProperty("coefficients", out var c) && c.ValueKind == JsonValueKind.Array).SelectMany(l => l.GetProperty("coefficients").EnumerateArray()).Select(c => (Name: c.GetProperty("name").GetString()!, Values: string.Join('\n', c.GetProperty("values").EnumerateArray().Select(v => v.GetString())))).ToArray() : [];
        if (opening.Coefficients is not { } draw)
        {
            report.Require(asked.Length == 0, "tender.coefficients", $"Lot {lot}: the tender asks for coefficients, and the record has no draw of them.");
            return;
        }
        report.Require(draw.Drawn.Length == 0 || asked.SequenceEqual(draw.Drawn.Select(d => (d.Name, string.Join('\n', d.Values)))), "tender.coefficients", $"Lot {lot}: the coefficients were drawn from the values that the tender names.", $"Lot {lot}: the coefficients were drawn from other values than the tender names.");
        var told = Find("bid-opening.coefficients-drawn");
        report.Require(told is { } e && (Text(e, "vrfPublicKey"), Text(e, "alpha"), Text(e, "proof")) == (draw.VrfPublicKey, draw.Alpha, draw.Proof)
            && e.GetProperty("coefficients").EnumerateArray().Select(c => (Text(c, "name"), Text(c, "value"))).SequenceEqual(draw.Drawn.Select(d => ((string?)d.Name, (string?)d.Value))), "tender.coefficients", $"Lot {lot}: the coefficients on the record are not those that were told at the opening.");
        CheckKey("tender.coefficient-key", $"Lot {lot}: the coefficients' random function", LoggedKeys.Coefficients, draw.VrfPublicKey, options.CoefficientKey, before: "bidding.bidding-closed", since: "bidding closed");
    }

    private void CheckDraws()
    {
        foreach (var drawn in of.Where(e => e.Type == "expert-selection.committee-drawn"))
        {
            if (DrawCheck.Read<DrawRecord>(report, Encoding.UTF8.GetBytes(drawn.Payload.GetProperty("record").GetString()!), "draw.malformed", "record of the draw") is not { } record) continue;
            var draw = drawn.Payload.GetProperty("drawId").GetGuid();
            var bytes = Document(Documents.Pool, draw, record.PoolHash, isPublic: true);
            DrawCheck.Check(report, record, bytes is null ? null : DrawCheck.Read<PoolEntry[]>(report, bytes, "draw.pool-malformed", "pool"));
            CheckKey("draw.vrf-key", $"Lot {lot}: the draw's random function", LoggedKeys.Draws, record.VrfPublicKey, options.VrfKey, before: "expert-selection.pool-frozen", since: "the pool was frozen");
            CheckSteps(draw, record);
            if (Document(Documents.Draw, draw, null, _resulted) is { } log) DrawCheck.CheckLog(report, record, log);
        }
    }

    private void CheckSteps(Guid draw, DrawRecord record)
    {
        var steps = of.Where(e => e.Payload.TryGetProperty("drawId", out var id) && id.GetGuid() == draw).ToArray();
        report.Require(steps.Any(e => e.Type == "expert-selection.pool-frozen" && Text(e.Payload, "poolHash") == record.PoolHash), "tender.draw", $"Lot {lot}: the pool that was drawn from is not the one that was frozen.");
        long[] frozen = [.. steps.Where(e => e.Type == "expert-selection.pool-frozen").Select(e => e.Index)];
        var committed = record.Parties.Select(party => Array.Find(steps, e => e.Type == "expert-selection.draw-committed" && Text(e.Payload, "commitment") == party.Commitment)).ToArray();
        var revealed = record.Parties.Where(party => party.Reveal is not null).Select(party => Array.Find(steps, e => e.Type == "expert-selection.draw-revealed" && Text(e.Payload, "reveal") == party.Reveal)).ToArray();
        var there = report.Require(committed.All(e => e is not null) && revealed.All(e => e is not null), "tender.draw", $"Lot {lot}: what the parties committed to and revealed is what the draw was made from.", $"Lot {lot}: the draw's record has other commitments or reveals than the log.");
        if (there && frozen.Length > 0 && revealed.Length > 0)
            report.Require(committed.All(e => e!.Index > frozen[0] && revealed.All(r => r!.Index > e.Index)), "tender.draw-order", $"Lot {lot}: in the log the pool stands before all commitments, and these before every reveal.", $"Lot {lot}: a commitment came into the log before the pool or after a reveal.");
    }

    private void CheckEvaluation(byte[]? record)
    {
        if (Find("evaluation.evaluation-completed") is not { } completed || Document(Documents.Evaluation, lot, completed.GetProperty("reportHash").GetString(), _resulted) is not { } bytes || EvaluationCheck.Read(report, bytes) is not { } evaluation) return;
        EvaluationCheck.Check(report, evaluation);
        CompareExclusions(evaluation);
        if (record is not null) EvaluationCheck.CompareWithOpening(report, evaluation, record);
        if (Document(Documents.Committee, lot, null, _resulted) is { } committee && EvaluationCheck.CheckCommittee(report, evaluation, HexText.Sha256(bytes), committee) is { } answers) CompareCommittee(answers);
    }

    // Nobody leaves a bid out for its archive but after the opening has said so, and what was said in time is in the report.
    private void CompareExclusions(EvaluationReport evaluation)
    {
        var excluded = of.Where(e => e.Type == "evaluation.bid-excluded").Select(e => Words(e.Payload)).ToHashSet();
        var said = of.Where(e => e.Type == "bid-opening.archive-not-opened").Select(e => Words(e.Payload)).ToHashSet();
        report.Require(excluded.IsSubsetOf(said), "tender.excluded", $"Lot {lot}: a bid was excluded for an archive of which the opening did not say so.");
        var same = report.Require(excluded.SetEquals(evaluation.Inputs.Bids.Where(bid => bid.Archive is not null).Select(bid => (bid.Record.BidId, (string?)bid.Archive!.Verdict, (string?)bid.Archive.Cause, (string?)bid.Archive.Fact))), "tender.excluded",
            $"Lot {lot}: the report excludes other bids for their archives than the log says.");
        if (same && excluded.Count > 0) report.Note("tender.excluded", $"Lot {lot}: {excluded.Count} bids are out for archives that were not opened; that they could not be is the opening's word, since archives are not in a dossier.");
        foreach (var late in of.Where(e => e.Type == "evaluation.late-fact-recorded"))
            report.Note("tender.late-archive", $"Lot {lot}: that the archive of bid {late.Payload.GetProperty("bidId")} was not opened came after the evaluation; its result does not take it into account.");

        static (Guid, string?, string?, string?) Words(JsonElement e) => (e.GetProperty("bidId").GetGuid(), Text(e, "verdict"), Text(e, "cause"), Text(e, "fact"));
    }

    // Who sat there is who was drawn and came, and whoever signed did so in an event of its own.
    private void CompareCommittee(CommitteeAnswer answers)
    {
        if (Find("expert-selection.committee-ready") is { } ready)
            report.Require(ready.GetProperty("members").EnumerateArray().Select(m => (m.GetProperty("expertId").GetGuid(), Text(m, "signingKey"))).Order().SequenceEqual(answers.Members.Select(m => (m.Expert, (string?)m.SigningKey)).Order()), "tender.committee",
                $"Lot {lot}: those who answered the report are the committee that was drawn.", $"Lot {lot}: those who answered the report are not the committee that was drawn.");
        report.Require(of.Where(e => e.Type == "evaluation.report-signed" && Text(e.Payload, "reportHash") == answers.ReportHash).Select(e => Text(e.Payload, "signature")).Order(StringComparer.Ordinal).SequenceEqual(answers.Members.Select(m => m.Signature).Where(s => s is not null).Order(StringComparer.Ordinal)),
            "tender.committee", $"Lot {lot}: the signatures under the report are not those that were given.");
    }

    private void CheckKey(string code, string what, string type, string key, string? given, string before, string since)
    {
        if (given is not null) report.Require(given == key, code, $"{what} is that of the key given.", $"{what} is of another key.");
        else if (keys.PlaceOf(type, key) is not { } place) report.Unchecked(code, $"{what} is of a key that the dossier does not bring, and none was given.");
        else if (Array.Find(of, e => e.Type == before) is not { } moment) report.Unchecked(code, $"The dossier has no event {before}: that {what} is of a key that stood in the log before {since} was not checked.");
        else report.Require(place < moment.Index, code, $"{what} is of a key that stood in the log before {since}.", $"{what} is of a key that came into the log only after {since}.");
    }

    // The hash is null where the log has none of its own: the event that brought the document is in the log then.
    private byte[]? Document(string kind, Guid subject, string? hash, bool isPublic)
    {
        var bytes = documents.Find(kind, subject);
        if (bytes is null && isPublic) report.Unchecked("tender.documents", $"{Documents.NameOf(kind, subject)} is neither in the dossier nor among the documents.");
        else if (bytes is null) report.Note("tender.not-public", $"The {kind} of {subject} is not public before the result.");
        if (bytes is null || hash is null) return bytes;
        return report.Require(HexText.Sha256(bytes) == hash, "tender.document", $"The {kind} of {subject} is the one whose hash the log has.", $"The {kind} of {subject} is not the one whose hash the log has.") ? bytes : null;
    }

    private JsonElement? Find(string type) => TenderFacts.Find(of, type);

    private static string? Text(JsonElement payload, string member) => payload.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
