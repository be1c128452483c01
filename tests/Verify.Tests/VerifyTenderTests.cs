using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tendering.Evaluation.Domain;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

public sealed class VerifyTenderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task A_whole_tender_is_good_with_its_documents_and_incomplete_without()
    {
        var (dossier, lot, documents, vrf) = await MakeAsync();
        var file = dossier.Write(PathOf("dossier"));
        string[] options = ["--log-key", dossier.Log.Key.ToString(), "--bid-roots", Keep("roots.pem", lot.Root.ExportCertificatePem()), "--receipt-key", Keep("receipt.pem", lot.ReceiptKey.ExportSubjectPublicKeyInfoPem()), "--vrf-key", vrf];
        var run = await Run.Of(["tender", file, .. options, "--documents", documents]);
        Assert.DoesNotContain("BAD", run.Output, StringComparison.Ordinal);
        Assert.True(run.Says("opening.prices") && run.Says("evaluation") && run.Says("draw") && run.Says("tender.bids") && run.Says("tender.candidates") && run.Says("dossier.disclosure"), run.Output);
        // Two things alone are missing: notices and the committee's answers.
        Assert.True(run.Exit == Report.ExitIncomplete && run.Output.Split("  not checked").Length == 3 && run.Output.Contains("committee.json", StringComparison.Ordinal) && run.Output.Contains("No notices", StringComparison.Ordinal), run.Output);
        run = await Run.Of(["tender", file, .. options]);
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("tender.documents"), run.Output);
        Assert.True((await Run.Of("tender", file)).Says("key.unknown"));
    }

    [Fact]
    public async Task Any_line_that_is_changed_left_out_moved_or_put_in_is_found_even_if_the_file_is_signed_anew()
    {
        var seed = Seed.Get();
        var random = new Random(seed);
        var (dossier, _, _, _) = await MakeAsync(drawn: false);
        for (var i = 0; i < 60; i++)
        {
            var what = "";
            var file = dossier.Write(PathOf("dossier"), lines =>
            {
                var (at, other) = (random.Next(1, lines.Count), random.Next(1, lines.Count - 1));
                other += other >= at ? 1 : 0;
                switch (random.Next(8))
                {
                    case 0: what = $"face {at}"; lines[at]["face"] = lines[at]["face"]!.GetValue<string>().Replace("agency", "expert", StringComparison.Ordinal); break;
                    case 1: what = $"address {at}"; lines[at]["hidden"]!["address"] = "10.0.0.2"; break;
                    case 2: what = $"person {at}"; lines[at]["hidden"]!["person"] = Guid.NewGuid(); break;
                    case 3: what = $"delete {at}"; lines.RemoveAt(at); break;
                    case 4: what = $"swap {at} {other}"; (lines[at], lines[other]) = (lines[other], lines[at]); break;
                    case 5: what = $"copy {at}"; lines.Insert(at, (JsonObject)lines[at].DeepClone()); break;
                    case 6: what = $"leaf {at}"; lines[at]["leaf"] = lines[at]["leaf"]!.GetValue<int>() + 1; break;
                    default: what = $"proof {at}"; lines[at]["proof"]![0] = HexText.Encode(MerkleTree.EmptyRoot); break;
                }
            });
            var run = await Run.Of("tender", file, "--log-key", dossier.Log.Key.ToString());
            Assert.True(run.Exit == Report.ExitBad, $"seed {seed}: {what}\n{run.Output}");
        }
    }

    [Fact]
    public async Task Any_changed_byte_is_found_by_the_signature()
    {
        var seed = Seed.Get();
        var random = new Random(seed);
        var (dossier, _, _, _) = await MakeAsync(drawn: false);
        var good = File.ReadAllBytes(dossier.Write(PathOf("dossier")));
        for (var i = 0; i < 60; i++)
        {
            var bad = good.ToArray();
            if (random.Next(5) == 0) bad = bad[..random.Next(bad.Length)];
            else bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(PathOf("dossier"), bad);
            var run = await Run.Of("tender", PathOf("dossier"), "--log-key", dossier.Log.Key.ToString());
            Assert.True(run.Exit == Report.ExitBad || run.Says("dossier.format"), $"seed {seed}\n{run.Output}");
        }
        Assert.True((await Run.Of("tender", dossier.Write(PathOf("dossier"), sign: false), "--log-key", dossier.Log.Key.ToString())).SaysBad("dossier.cut-off"));
        Assert.True((await Run.Of("tender", dossier.Write(PathOf("dossier")), "--log-key", new TestDossier().Log.Key.ToString())).SaysBad("checkpoint.signature"));
    }

    [Theory]
    [InlineData("tender.closing-list")]
    [InlineData("tender.bids")]
    [InlineData("tender.price")]
    [InlineData("tender.commitment")]
    [InlineData("tender.candidates")]
    [InlineData("tender.award")]
    [InlineData("tender.draw")]
    [InlineData("dossier.disclosure")]
    public async Task What_the_platform_itself_logged_wrongly_is_found(string code)
    {
        var (dossier, _, _, _) = await MakeAsync(lie: code);
        var run = await Run.Of("tender", dossier.Write(PathOf("dossier")), "--log-key", dossier.Log.Key.ToString());
        Assert.True(run.Exit == Report.ExitBad && run.SaysBad(code), run.Output);
    }

    [Fact]
    public async Task A_receipt_is_checked_with_the_log_s_proof()
    {
        var (lot, dossier) = (await SealedLot.SealAsync(500, 300), new TestDossier());
        var bid = lot.Bids[1];
        dossier.Add("tenders.tender-published", []);
        dossier.Add("bidding.bid-submitted", Submitted(lot.Bids[0]), secret: true);
        var (_, opening) = dossier.Add("bidding.bid-submitted", Submitted(bid), secret: true);
        var (receipt, proof) = (Keep("receipt", bid.Receipt), Keep("proof", dossier.ProofOf(2, CanonicalJson.Canonicalize(opening)).ToString()));
        string[] keys = ["--receipt-key", Keep("receipt.pem", lot.ReceiptKey.ExportSubjectPublicKeyInfoPem()), "--log-key", dossier.Log.Key.ToString()];
        var run = await Run.Of(["receipt", receipt, proof, .. keys, "--manifest", Keep("manifest", Encoding.UTF8.GetString(bid.Manifest.Canonical()))]);
        Assert.True(run.Exit == Report.ExitGood && run.Says("proof.inclusion") && run.Says("proof.event"), run.Output);
        var answer = new JsonObject { ["bidId"] = bid.Id, ["receipt"] = bid.Receipt, ["manifest"] = Encoding.UTF8.GetString(bid.Manifest.Canonical()) };
        Assert.Equal(Report.ExitGood, (await Run.Of(["receipt", Keep("answer", answer.ToJsonString()), proof, .. keys])).Exit);

        Assert.Equal(Report.ExitIncomplete, (await Run.Of(["receipt", receipt, .. keys])).Exit);
        Assert.Equal(Report.ExitIncomplete, (await Run.Of("receipt", receipt, proof)).Exit);
        Assert.True((await Run.Of(["receipt", Keep("receipt", lot.Bids[0].Receipt), proof, .. keys])).SaysBad("proof.event"));
        Assert.True((await Run.Of(["receipt", Keep("receipt", bid.Receipt), Keep("proof", dossier.ProofOf(1, CanonicalJson.Canonicalize(opening)).ToString()), .. keys])).SaysBad("proof.inclusion"));
        Assert.True((await Run.Of(["receipt", receipt, Keep("proof", dossier.ProofOf(2, null).ToString()), .. keys])).SaysBad("proof.opening"));
        Assert.True((await Run.Of(["receipt", Keep("receipt", bid.Receipt[..^4] + "AAAA"), proof, .. keys])).SaysBad("receipt.signature"));
        Assert.True((await Run.Of(["receipt", Keep("receipt", bid.Receipt), proof, .. keys, "--manifest", Keep("manifest", "{}")])).SaysBad("receipt.manifest"));
    }

    [Fact]
    public async Task A_witness_s_evidence_convicts_the_log_whose_key_signed_both()
    {
        var log = new TestDossier().Log;
        var (first, second) = (Checkpoint.Of("example.com/log", 5, MerkleTree.EmptyRoot).Sign(log), Checkpoint.Of("example.com/log", 5, MerkleTree.LeafHash([1])).Sign(log));
        var file = Keep("evidence", new JsonObject { ["kind"] = "fork", ["origin"] = "example.com/log", ["cosigned"] = first.ToString(), ["offered"] = second.ToString() }.ToJsonString());
        Assert.Equal(Report.ExitGood, (await Run.Of("fork", file, "--log-key", log.Key.ToString())).Exit);
        Assert.Equal(Report.ExitBad, (await Run.Of("fork", file, "--log-key", new TestDossier().Log.Key.ToString())).Exit);
        file = Keep("evidence", new JsonObject { ["kind"] = "fork", ["origin"] = "example.com/log", ["cosigned"] = first.ToString(), ["offered"] = first.ToString() }.ToJsonString());
        Assert.Equal(Report.ExitIncomplete, (await Run.Of("fork", file, "--log-key", log.Key.ToString())).Exit);
    }

    private static JsonObject Submitted(SealedLot.Bid bid) => new()
    {
        ["tenderId"] = SealedLot.Tender, ["lotId"] = SealedLot.Lot, ["bidId"] = bid.Id, ["bidderId"] = bid.Bidder, ["revision"] = 1, ["manifestHash"] = bid.Manifest.Hash(),
        ["submittedAt"] = JsonNode.Parse(Encoding.UTF8.GetString(Base64UrlText.Decode(bid.Receipt.Split('.')[1])))!["time"]!.GetValue<string>().Replace("Z", "+00:00", StringComparison.Ordinal),
    };

    // A lot from submission to award, in events with the members that the contracts have; one lie where the test asks for it.
    private async Task<(TestDossier, SealedLot, string Documents, string VrfKey)> MakeAsync(string? lie = null, bool drawn = true)
    {
        var (lot, dossier, draw) = (await SealedLot.SealAsync(500, 300, 400), new TestDossier(), VerifyDrawTests.Draw());
        JsonObject Of(JsonObject more) => new([new("tenderId", SealedLot.Tender), new("lotId", SealedLot.Lot), .. more.Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))]);
        dossier.Add("tenders.tender-published", []);
        var faces = new List<(Guid Id, string Face)>();
        foreach (var bid in lie == "tender.bids" ? lot.Bids[1..] : lot.Bids)
        {
            var id = Guid.NewGuid();
            faces.Add((id, dossier.Add("bidding.bid-submitted", Submitted(bid), secret: true, id).Face));
        }
        var closing = SealedLot.ClosingHash(lot.Bids);
        dossier.Add("bidding.bidding-closed", Of(new() { ["closingListHash"] = lie == "tender.closing-list" ? HexText.Sha256([]) : closing }));
        dossier.Add("bidding.closing-list-drawn", Of(new()
        {
            ["closingListHash"] = closing, ["bids"] = new JsonArray([.. lot.Bids.Select(bid => (JsonNode)new JsonObject { ["bidId"] = bid.Id, ["bidderId"] = bid.Bidder, ["manifestHash"] = bid.Manifest.Hash(), ["manifest"] = Encoding.UTF8.GetString(bid.Manifest.Canonical()) })]),
        }), secret: true);
        foreach (var (id, face) in faces) dossier.Add("supervision.secret-disclosed", Of(new() { ["eventId"] = id, ["face"] = lie == "dossier.disclosure" ? face.Replace("agency", "expert", StringComparison.Ordinal) : face }));
        foreach (var (bid, i) in lot.Bids.Select((bid, i) => (bid, i)))
            dossier.Add("bid-opening.bid-opened", Of(new() { ["bidId"] = bid.Id, ["price"] = lie == "tender.price" && i == 0 ? 1 : bid.Schedule.Price, ["priceKey"] = Base64UrlText.Encode(lie == "tender.commitment" && i == 0 ? lot.Bids[1].Key : bid.Key) }));
        var record = Encoding.UTF8.GetBytes(lot.Record.Canonical());
        dossier.Add("bid-opening.opening-completed", Of(new() { ["recordHash"] = HexText.Sha256(record), ["bids"] = new JsonArray([.. lot.Bids.Select(bid => (JsonNode)new JsonObject { ["bidId"] = bid.Id, ["price"] = bid.Schedule.Price })]) }));

        var drawId = Guid.NewGuid();
        // To repeat a draw takes a while: tests of many cases do without.
        if (drawn)
        {
            dossier.Add("expert-selection.pool-frozen", Of(new() { ["drawId"] = drawId, ["poolHash"] = lie == "tender.draw" ? HexText.Sha256([]) : draw.Record.PoolHash }));
            foreach (var party in draw.Record.Parties) dossier.Add("expert-selection.draw-committed", Of(new() { ["drawId"] = drawId, ["commitment"] = party.Commitment }));
            foreach (var party in draw.Record.Parties) dossier.Add("expert-selection.draw-revealed", Of(new() { ["drawId"] = drawId, ["reveal"] = party.Reveal }));
            dossier.Add("expert-selection.committee-drawn", Of(new() { ["drawId"] = drawId, ["record"] = Encoding.UTF8.GetString(draw.Record.Canonical()) }), secret: true);
        }

        var facts = lot.Record.Bids.Select(bid => new BidFacts(new BidOnRecord(bid.BidId, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Price, null, bid.ManifestHash, DateTimeOffset.Parse(bid.SubmittedAt, System.Globalization.CultureInfo.InvariantCulture)), true, null)).ToArray();
        var votes = Enumerable.Range(0, 3).Select(_ => facts.Select(fact => new Vote(fact.Record.BidId, true, null, null)).ToArray()).ToArray();
        var report = EvaluationReport.Draw(VerifyEvaluationTests.Inputs(facts, votes) with { OpeningRecordHash = HexText.Sha256(record), TenderId = SealedLot.Tender, LotId = SealedLot.Lot });
        var candidates = report.Candidates.Select(c => (JsonNode)new JsonObject { ["rank"] = c.Rank, ["bidId"] = c.BidId, ["price"] = c.Price }).ToArray();
        if (lie == "tender.candidates") candidates[0]["bidId"] = candidates[1]["bidId"]!.GetValue<Guid>();
        dossier.Add("evaluation.evaluation-completed", Of(new() { ["reportHash"] = HexText.Sha256(report.Canonical()), ["candidates"] = new JsonArray(candidates) }));
        dossier.Add("tenders.candidates-published", Of(new() { ["reportHash"] = HexText.Sha256(report.Canonical()) }));
        dossier.Add("tenders.award-decided", Of(new() { ["winner"] = new JsonObject { ["bidId"] = lie == "tender.award" ? Guid.NewGuid() : report.Candidates[0].BidId, ["price"] = report.Candidates[0].Price } }));

        var documents = Directory.CreateDirectory(PathOf("documents")).FullName;
        File.WriteAllBytes(Path.Combine(documents, $"{SealedLot.Lot}.opening.json"), record);
        File.WriteAllBytes(Path.Combine(documents, $"{SealedLot.Lot}.report.json"), report.Canonical());
        File.WriteAllBytes(Path.Combine(documents, $"{drawId}.pool.json"), CanonicalJson.Serialize(draw.Pool));
        File.WriteAllBytes(Path.Combine(documents, $"{drawId}.draw.json"), draw.Draw);
        foreach (var bid in lot.Bids) File.WriteAllBytes(Path.Combine(documents, $"{bid.Id}.proof.json"), bid.Proof);
        return (dossier, lot, documents, draw.Record.VrfPublicKey);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string Keep(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }
}
