using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tendering.BidOpening.Domain;
using Tendering.Evaluation.Domain;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>A tender from the platform's keys to the award as its dossier has it, documents and all: nothing but the log's key and authorities to trust is needed to check it. One lie where a test asks for it.</summary>
internal sealed class WholeTender
{
    public const string At = "2026-03-02T01:00:00+00:00", SignedAt = "2026-03-02T03:00:00.0000004+00:00";
    private static readonly CandidateValues[] Asked = [new("K", ["0.93", "0.94", "0.95", "0.96", "0.97"]), new("下浮率", ["3", "4.5", "6"])];
    // What takes long to make and is the same in every case.
    private static readonly byte[] Vrf = Ecvrf.GeneratePrivateKey();
    private static readonly Lazy<Task<(SealedLot Lot, OpeningRecord Announced)>> Sealed = new(async () => await SealedLot.SealAsync(500, 300, 400) is var lot ? (lot, lot.Announce(Vrf, Asked)) : default);
    private static readonly Lazy<(DrawRecord Record, PoolEntry[] Pool, byte[] Draw)> Drawn = new(VerifyDrawTests.Draw);
    private static readonly Dictionary<string, (string Verdict, string Cause)> Facts = new()
    {
        ["ciphertext-missing"] = ("withdrawn", "platform"), ["ciphertext-differs"] = ("withdrawn", "platform"), ["ciphertext-broken"] = ("revoked", "bidder"), ["price-unreadable"] = ("rejected", "bidder"), ["currency-differs"] = ("rejected", "bidder"),
        ["shares-missing"] = ("withdrawn", "custodians"),
    };
    private readonly OpeningRecord _announced;
    private readonly string? _lie;

    private WholeTender(SealedLot lot, OpeningRecord announced, string? lie) => (Lot, _announced, _lie) = (lot, NotOpened(announced, lie), lie);

    /// <summary>The lowest price, which a lie about a bid throws out.</summary>
    public SealedLot.Bid Cheapest => Lot.Bids[1];

    private int Parts => _lie == "in one part" ? 1 : 3;
    public TestDossier Dossier { get; } = new();
    public SealedLot Lot { get; }

    public static async Task<WholeTender> MakeAsync(string? lie = null)
    {
        var (lot, announced) = await Sealed.Value;
        var tender = new WholeTender(lot, announced, lie);
        tender.Fill();
        return tender;
    }

    // A lie that is a fact: the lowest bid is said not to have been opened for it.
    private static OpeningRecord NotOpened(OpeningRecord announced, string? lie) => lie is null || !Facts.TryGetValue(lie, out var words) ? announced
        : announced with { Bids = [announced.Bids[0], announced.Bids[1] with { Price = null, Schedule = null, Fact = lie, Verdict = words.Verdict, Cause = words.Cause }, .. announced.Bids.Skip(2)] };

    private void Fill()
    {
        var (draw, drawId) = (Drawn.Value, Guid.NewGuid());
        void CoefficientKey() => Dossier.Add("bid-opening.coefficient-key-published", new() { ["keyId"] = Guid.NewGuid(), ["publicKey"] = HexText.Encode(Ecvrf.PublicKey(Vrf)), ["publishedAt"] = At }, ofTender: false);
        if (_lie != "tender.receipt-key late") PublishReceiptKey(_lie == "opening.receipt" ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : Lot.ReceiptKey);
        if (_lie == "tender.receipt-key twice") PublishReceiptKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        if (_lie != "tender.coefficient-key") CoefficientKey();
        if (_lie != "draw.vrf-key") Dossier.Add("expert-selection.vrf-key-published", new() { ["keyId"] = Guid.NewGuid(), ["publicKey"] = draw.Record.VrfPublicKey, ["publishedAt"] = At }, ofTender: false);
        foreach (var (bidder, certificate) in Lot.Certificates) Dossier.Add("identity.certificate-issued", new() { ["organisationId"] = bidder, ["serialNumber"] = certificate.SerialNumber, ["certificatePem"] = certificate.ExportCertificatePem(), ["issuerPem"] = Lot.Root.ExportCertificatePem(), ["notBefore"] = At, ["notAfter"] = At }, ofTender: false);
        if (_lie == "opening.signature") Dossier.Add("identity.certificate-revoked", new() { ["organisationId"] = Lot.Bids[2].Bidder, ["serialNumber"] = Lot.Certificates[Lot.Bids[2].Bidder].SerialNumber, ["reason"] = "lost", ["revokedAt"] = "2026-02-20T00:00:00+00:00" }, ofTender: false);
        Publish();
        foreach (var bid in Lot.Bids) Dossier.Add("bidding.bid-submitted", Of(new() { ["bidId"] = bid.Id, ["bidderId"] = bid.Bidder, ["manifestHash"] = bid.Manifest.Hash() }), secret: true, organisation: bid.Bidder);
        if (_lie != "no bidding-closed") Dossier.Add("bidding.bidding-closed", Of(new() { ["closingListHash"] = Lot.Record.ClosingListHash }));
        if (_lie == "tender.coefficient-key") CoefficientKey();
        if (_lie == "tender.receipt-key late") PublishReceiptKey(Lot.ReceiptKey);
        var record = Open();
        Dossier.Add("bid-opening.opening-completed", Of(new() { ["recordHash"] = HexText.Sha256(Encoding.UTF8.GetBytes(record)), ["bids"] = new JsonArray([.. _announced.Bids.Select(bid => (JsonNode)new JsonObject { ["bidId"] = bid.BidId, ["price"] = bid.Price })]) }));
        Dossier.AddDocument(_lie == "tender.document" ? "evaluation" : "bid-opening", "opening-record", SealedLot.Lot, record, parts: Parts);
        Draw(draw, drawId);
        if (IsExcluded) Exclude();
        Evaluate(record);
        if (_lie == "draw.vrf-key") Dossier.Add("expert-selection.vrf-key-published", new() { ["keyId"] = Guid.NewGuid(), ["publicKey"] = draw.Record.VrfPublicKey, ["publishedAt"] = At }, ofTender: false);
    }

    private void PublishReceiptKey(ECDsa key)
    {
        var q = key.ExportParameters(false).Q;
        Dossier.Add("bidding.receipt-key-published", new() { ["keyId"] = "k", ["x"] = Base64UrlText.Encode(q.X), ["y"] = Base64UrlText.Encode(q.Y), ["publishedAt"] = At }, ofTender: false);
    }

    private void Publish()
    {
        var files = new JsonArray(new JsonObject { ["name"] = "招标文件.pdf", ["sha256"] = HexText.Sha256([1]), ["length"] = 1 });
        var hash = HexText.Sha256(CanonicalJson.Canonicalize(files));
        Dossier.Add("tenders.tender-published", new()
        {
            ["tenderId"] = SealedLot.Tender, ["documentsHash"] = _lie == "tender.notice" ? HexText.Sha256([]) : hash,
            ["lots"] = new JsonArray(new JsonObject { ["lotId"] = SealedLot.Lot, ["coefficients"] = new JsonArray([.. Asked.Skip(_lie == "tender.coefficients" ? 1 : 0).Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["values"] = new JsonArray([.. c.Values.Select(v => (JsonNode)v)]) })]) }),
        });
        Dossier.AddDocument("tenders", "notice", Guid.NewGuid(), Encoding.UTF8.GetString(CanonicalJson.Canonicalize(new JsonObject { ["documents"] = files, ["documentsHash"] = hash, ["number"] = "T-1" })));
    }

    private string Open()
    {
        Dossier.Add("bidding.closing-list-drawn", Of(new()
        {
            ["closingListHash"] = Lot.Record.ClosingListHash,
            ["bids"] = new JsonArray([.. Lot.Bids.Select(bid => (JsonNode)new JsonObject { ["bidId"] = bid.Id, ["bidderId"] = bid.Bidder, ["manifestHash"] = bid.Manifest.Hash(), ["manifest"] = Encoding.UTF8.GetString(bid.Manifest.Canonical()), ["signature"] = Convert.ToBase64String(bid.Signature), ["receipt"] = bid.Receipt })]),
        }), secret: true);
        foreach (var bid in Lot.Bids) Dossier.Add("bid-opening.party-signed-in", Of(new() { ["party"] = "bidder", ["organisationId"] = bid.Bidder, ["organisationName"] = $"bidder {Lot.Bids.IndexOf(bid)}", ["signedInAt"] = "2026-03-02T02:00:00+00:00" }));
        foreach (var bid in Lot.Bids.Where((_, i) => _announced.Bids[i].Price is not null))
            Dossier.Add("bid-opening.bid-opened", Of(new() { ["bidId"] = bid.Id, ["price"] = bid.Schedule.Price, ["priceKey"] = Base64UrlText.Encode(bid.Key), ["priceCiphertext"] = Convert.ToBase64String(_lie == "opening.ciphertext" ? Lot.Bids[0].Cipher : bid.Cipher) }));
        var drawn = _announced.Coefficients!;
        if (_lie == "opening.coefficients") drawn = drawn with { Drawn = [drawn.Drawn[0] with { Number = drawn.Drawn[0].Number % 5 + 1, Value = drawn.Drawn[0].Values[drawn.Drawn[0].Number % 5] }, drawn.Drawn[1]] };
        if (_lie == "opening.coefficients left out") drawn = drawn with { Inputs = [.. drawn.Inputs.Skip(1)] };
        var record = SealedLot.Conclude(_announced with { Coefficients = drawn }, Lot, closing => _lie switch
        {
            "opening.objections" => closing with { Objections = [] },
            "opening.confirmation" => closing with { Present = [closing.Present[1] with { OrganisationId = closing.Present[0].OrganisationId, OrganisationName = "bidder 0" }, .. closing.Present.Skip(1)] },
            "opening.confirmation of another" => closing with { Present = [closing.Present[0] with { Signature = Convert.ToBase64String(Lot.Bids[0].Signature) }, .. closing.Present.Skip(1)] },
            "opening.present" => closing with { Present = [.. closing.Present.Take(2)] },
            "opening.announced" => closing with { AnnouncedHash = HexText.Sha256([]) },
            _ => closing,
        });
        Dossier.Add("bid-opening.coefficients-drawn", Of(new() { ["vrfPublicKey"] = drawn.VrfPublicKey, ["alpha"] = drawn.Alpha, ["proof"] = drawn.Proof, ["coefficients"] = new JsonArray([.. drawn.Drawn.Select(d => (JsonNode)new JsonObject { ["name"] = d.Name, ["value"] = d.Value })]) }));
        Confirm(record);
        return record.Canonical();
    }

    private void Confirm(OpeningRecord record)
    {
        var objection = Guid.NewGuid();
        Dossier.Add("bid-opening.objection-at-opening-raised", Of(new() { ["objectionId"] = objection, ["bidderId"] = Lot.Bids[1].Bidder, ["bidderName"] = "bidder 1", ["text"] = "Why?", ["raisedAt"] = SignedAt }), organisation: Lot.Bids[1].Bidder);
        Dossier.Add("bid-opening.objection-at-opening-answered", Of(new() { ["objectionId"] = objection, ["bidderId"] = Lot.Bids[1].Bidder, ["answer"] = "Because.", ["answeredAt"] = SignedAt }));
        foreach (var (i, way) in new[] { (0, "certificate"), (1, "session") })
            Dossier.Add("bid-opening.announcement-signed", Of(new() { ["organisationId"] = Lot.Bids[i].Bidder, ["organisationName"] = $"bidder {i}", ["way"] = way, ["announcedHash"] = record.Closing!.AnnouncedHash, ["signature"] = i == 0 ? record.Closing.Present[0].Signature : null, ["signedAt"] = SignedAt }),
                organisation: Lot.Bids[_lie == "opening.confirmation by another" ? 2 : i].Bidder);
    }

    private void Draw((DrawRecord Record, PoolEntry[] Pool, byte[] Draw) draw, Guid id)
    {
        if (_lie != "no pool-frozen") Dossier.Add("expert-selection.pool-frozen", Of(new() { ["drawId"] = id, ["poolHash"] = draw.Record.PoolHash }));
        Dossier.AddDocument("expert-selection", "draw-pool", id, Encoding.UTF8.GetString(CanonicalJson.Serialize(draw.Pool)));
        foreach (var party in draw.Record.Parties.Skip(_lie == "tender.draw-order" ? 1 : 0)) Dossier.Add("expert-selection.draw-committed", Of(new() { ["drawId"] = id, ["commitment"] = party.Commitment }));
        foreach (var party in draw.Record.Parties) Dossier.Add("expert-selection.draw-revealed", Of(new() { ["drawId"] = id, ["reveal"] = party.Reveal }));
        if (_lie == "tender.draw-order") Dossier.Add("expert-selection.draw-committed", Of(new() { ["drawId"] = id, ["commitment"] = draw.Record.Parties[0].Commitment }));
        Dossier.Add("expert-selection.committee-drawn", Of(new() { ["drawId"] = id, ["record"] = Encoding.UTF8.GetString(draw.Record.Canonical()) }), secret: true);
        Dossier.AddDocument("expert-selection", "draw", id, _lie == "draw.checkpoint" ? """{"log":[{"a":1}],"record":null}""" : Encoding.UTF8.GetString(draw.Draw));
    }

    private bool IsExcluded => _lie is "archive" or "tender.excluded" or "tender.excluded and evaluated";

    // The cheapest bid's archive was not opened when a report was drawn that had rejected another; it was set aside.
    private void Exclude()
    {
        var lost = VerifyEvaluationTests.Lost;
        JsonObject Words() => Of(new() { ["bidId"] = Cheapest.Id, ["verdict"] = lost.Verdict, ["cause"] = lost.Cause, ["fact"] = lost.Fact });
        var old = HexText.Sha256("the first report"u8);
        Dossier.Add("evaluation.bid-rejected", Of(new() { ["bidId"] = Lot.Bids[0].Id, ["reportHash"] = old }), secret: true);
        Dossier.Add("evaluation.report-signed", Of(new() { ["reportHash"] = old, ["signature"] = "of the first report" }), secret: true);
        if (_lie != "tender.excluded") Dossier.Add("bid-opening.archive-not-opened", Words());
        Dossier.Add("evaluation.bid-excluded", Words());
        Dossier.Add("evaluation.report-set-aside", Of(new() { ["reportHash"] = old, ["bidId"] = Cheapest.Id }), secret: true);
    }

    private void Evaluate(string record)
    {
        var members = Enumerable.Range(1, 3).Select(seat => (Seat: seat, Key: ECDsa.Create(ECCurve.NamedCurves.nistP256))).Select(m => (m.Seat, m.Key, Identity: MemberIdentity.Of(Guid.NewGuid(), $"专家 {m.Seat}", "大学", Convert.ToBase64String(m.Key.ExportSubjectPublicKeyInfo())))).ToArray();
        var facts = _announced.Bids.Select(bid => new BidFacts(new BidOnRecord(bid.BidId, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Price, bid.Verdict, bid.ManifestHash, DateTimeOffset.Parse(bid.SubmittedAt, System.Globalization.CultureInfo.InvariantCulture)), true, null,
            IsExcluded && _lie != "tender.excluded and evaluated" && bid.BidId == Cheapest.Id ? VerifyEvaluationTests.Lost : null)).ToArray();
        var votes = members.Select(_ => facts.Where(fact => fact.Record.Price is not null).Select(fact => new Vote(fact.Record.BidId, true, null, null)).ToArray()).ToArray();
        var report = EvaluationReport.Draw(VerifyEvaluationTests.Inputs(facts, votes) with { OpeningRecordHash = HexText.Sha256(Encoding.UTF8.GetBytes(record)), TenderId = SealedLot.Tender, LotId = SealedLot.Lot, Members = [.. members.Select(m => new SeatCommitment(m.Seat, m.Identity.Commitment))] });
        var hash = SHA256.HashData(report.Canonical());
        Dossier.Add("expert-selection.committee-ready", Of(new() { ["members"] = new JsonArray([.. members.Take(_lie == "tender.committee" ? 2 : 3).Select(m => (JsonNode)new JsonObject { ["expertId"] = m.Identity.Expert, ["signingKey"] = m.Identity.SigningKey })]) }), secret: true);
        var signatures = members.Select(m => Convert.ToBase64String(m.Key.SignHash(_lie == "evaluation.signature" ? SHA256.HashData("other"u8) : hash))).ToArray();
        foreach (var signature in signatures) Dossier.Add("evaluation.report-signed", Of(new() { ["reportHash"] = HexText.Encode(hash), ["signature"] = signature }), secret: true);
        Dossier.Add("evaluation.evaluation-completed", Of(new() { ["reportHash"] = HexText.Encode(hash), ["candidates"] = new JsonArray([.. report.Candidates.Select(c => (JsonNode)new JsonObject { ["rank"] = c.Rank, ["bidId"] = c.BidId, ["price"] = c.Price })]) }));
        Dossier.Add("tenders.candidates-published", Of(new() { ["reportHash"] = HexText.Encode(hash) }));
        Dossier.AddDocument("tenders", "notice", Guid.NewGuid(), Encoding.UTF8.GetString(CanonicalJson.Canonicalize(new JsonObject { ["number"] = "T-1", ["reportHash"] = HexText.Encode(hash) })));
        Dossier.AddDocument("evaluation", "evaluation-report", SealedLot.Lot, Encoding.UTF8.GetString(report.Canonical()), parts: Parts);
        Dossier.AddDocument("evaluation", "committee", SealedLot.Lot, Encoding.UTF8.GetString(CanonicalJson.Canonicalize(new JsonObject
        {
            ["lotId"] = SealedLot.Lot, ["reportHash"] = HexText.Encode(hash),
            ["members"] = new JsonArray([.. members.Select((m, i) => (JsonNode)new JsonObject
            {
                ["seat"] = m.Seat, ["expert"] = m.Identity.Expert, ["name"] = m.Identity.Name, ["employer"] = m.Identity.Employer, ["signingKey"] = m.Identity.SigningKey, ["salt"] = m.Identity.Salt,
                ["answer"] = "signature", ["signature"] = signatures[i], ["reason"] = null, ["answeredAt"] = At,
            })]),
        })));
    }

    private static JsonObject Of(JsonObject more) => new([new("tenderId", SealedLot.Tender), new("lotId", SealedLot.Lot), .. more.Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))]);
}
