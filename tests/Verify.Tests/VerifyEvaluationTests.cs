using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tendering.Evaluation.Domain;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>Reports as the evaluation service draws them, checked by who does not know it.</summary>
public sealed class VerifyEvaluationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task Whatever_the_committee_votes_the_report_comes_out_again()
    {
        var seed = Seed.Get();
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            var report = EvaluationReport.Draw(Some(random));
            var run = await Run.Of("evaluation", Keep("report.json", report.Canonical()));
            // Incomplete and not good: neither opening record nor committee were given.
            Assert.True(run.Exit == Report.ExitIncomplete && run.Says("evaluation"), $"seed {seed}\n{run.Output}");
        }
    }

    public static TheoryData<string, string> Lies => new()
    {
        { "evaluation.version", "version" }, { "evaluation.findings", "archive" }, { "evaluation.ranking", "ranking" }, { "evaluation.candidates", "candidates" }, { "evaluation.outcome", "outcome" }, { "evaluation.rule", "rule" }, { "evaluation.findings", "findings" }, { "evaluation.bids", "bids" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_report_that_lies_is_bad(string code, string lie)
    {
        var node = JsonNode.Parse(EvaluationReport.Draw(Fixed()).Canonical())!;
        switch (lie)
        {
            case "version": node["version"] = 2; break;
            case "archive":
                node["version"] = 2;
                node["inputs"]!["bids"]![0]!["archive"] = JsonSerializer.SerializeToNode(Lost, CanonicalJson.Options);
                break;
            case "ranking": node["ranking"]![0]!["price"] = 1; break;
            case "candidates": node["candidates"]!.AsArray().RemoveAt(0); break;
            case "outcome": node["bids"]![0]!["outcome"] = "rejected"; break;
            case "rule": node["rules"]![0]!["text"] = "another law"; break;
            case "findings": node["bids"]![0]!["findings"] = new JsonArray(new JsonObject { ["ground"] = "debarred", ["explanation"] = "", ["rule"] = "A22", ["article"] = "x" }); break;
            default: node["bids"]!.AsArray().RemoveAt(0); break;
        }
        var run = await Run.Of("evaluation", Keep("report.json", CanonicalJson.Canonicalize(node)));
        Assert.True(run.Exit == Report.ExitBad && run.SaysBad(code), run.Output);
    }

    [Fact]
    public async Task Who_signed_is_checked_against_the_seats()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var identity = MemberIdentity.Of(Guid.NewGuid(), "专家", "大学", Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));
        var inputs = Fixed();
        var report = EvaluationReport.Draw(inputs with { Members = [inputs.Members[0] with { Commitment = identity.Commitment }, .. inputs.Members[1..]] });
        var hash = SHA256.HashData(report.Canonical());
        JsonObject Committee(byte[] signed) => new()
        {
            ["lotId"] = report.Inputs.LotId, ["reportHash"] = HexText.Encode(hash),
            ["members"] = new JsonArray([.. report.Inputs.Members.Select(member => (JsonNode)new JsonObject
            {
                ["seat"] = member.Seat, ["expert"] = identity.Expert, ["name"] = identity.Name, ["employer"] = identity.Employer, ["signingKey"] = identity.SigningKey, ["salt"] = identity.Salt,
                ["answer"] = "signature", ["signature"] = Convert.ToBase64String(key.SignHash(signed)), ["reason"] = null, ["answeredAt"] = null,
            })]),
        };
        var file = Keep("report.json", report.Canonical());
        var one = Committee(hash);
        one["members"]!.AsArray().RemoveAt(2);
        one["members"]!.AsArray().RemoveAt(1);
        Assert.True((await Run.Of("evaluation", file, "--committee", Keep("committee.json", one))).SaysBad("evaluation.committee"));
        var run = await Run.Of("evaluation", file, "--committee", Keep("committee.json", Committee(hash)));
        Assert.True(run.SaysBad("evaluation.seat") && !run.SaysBad("evaluation.signature") && run.Output.Contains("Seat 2", StringComparison.Ordinal) && !run.Output.Contains("Seat 1 ", StringComparison.Ordinal), run.Output);
        Assert.True((await Run.Of("evaluation", file, "--committee", Keep("committee.json", Committee(SHA256.HashData("other"u8))))).SaysBad("evaluation.signature"));
    }

    [Fact]
    public async Task Another_version_is_incomplete_and_garbage_is_bad()
    {
        Assert.Equal(Report.ExitIncomplete, (await Run.Of("evaluation", Keep("report.json", "{\"version\":3}"u8.ToArray()))).Exit);
        foreach (var garbage in new[] { "", "[]", "{}", "{\"version\":1}", "{\"version\":\"1\"}" })
            Assert.Equal(Report.ExitBad, (await Run.Of("evaluation", Keep("report.json", System.Text.Encoding.UTF8.GetBytes(garbage)))).Exit);
    }

    internal static ReportInputs Fixed() => Inputs([Bid(500, 1), Bid(300, 2), Bid(400, 3)], [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(1, 3).Select(n => new Vote(IdOf(n), true, null, null)).ToArray())]);

    internal static ArchiveFact Lost { get; } = new("withdrawn", "platform", "ciphertext-missing", "A36", "20号令31", DateTimeOffset.UnixEpoch);

    internal static Guid IdOf(int number) => new(number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    internal static BidFacts Bid(long? price, int number, bool deposit = true, bool debarred = false) => new(
        new BidOnRecord(IdOf(number), IdOf(100 + number), $"bidder {number}", "91350100M000100Y43", price, price is null ? "withdrawn" : null, HexText.Sha256([(byte)number]), new DateTimeOffset(2026, 3, 2, 1, 0, number % 60, TimeSpan.Zero)), deposit,
        debarred ? new DebarmentInForce(IdOf(200), "1", "x", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100)) : null);

    internal static ReportInputs Inputs(BidFacts[] bids, Vote[][] votes, string rules = "") => new(
        IdOf(900), IdOf(901), new LotTerms("T-1", "Works", 1, "Lot", rules.Length > 0 ? rules : RuleSet.All.First().Id, RuleSet.All.First().Currency, "agency", "tenderer", 1_000, 50, 10, "lowest-evaluated-price"), HexText.Sha256([]), IdOf(902), bids,
        [.. votes.Select((_, i) => new SeatCommitment(i + 1, HexText.Sha256([(byte)i])))], [.. votes.Select((v, i) => new SeatVotes(i + 1, v, "competition remains", DateTimeOffset.UnixEpoch))], DateTimeOffset.UnixEpoch);

    private static ReportInputs Some(Random random)
    {
        var bids = Enumerable.Range(1, random.Next(1, 8)).Select(n => Bid(random.Next(6) == 0 ? null : random.Next(1, 12) * 100, n, random.Next(5) > 0, random.Next(5) == 0)).ToArray();
        var rules = RuleSet.All.ElementAt(random.Next(RuleSet.All.Count)).Id;
        var votes = Enumerable.Range(0, 1 + (2 * random.Next(1, 4))).Select(_ => bids.Where(b => b.Record.Price is not null).Select(b => random.Next(3) > 0
            ? new Vote(b.Record.BidId, true, null, "fine") : new Vote(b.Record.BidId, false, Ground.All[random.Next(1, Ground.All.Count)].Code, "because")).ToArray()).ToArray();
        // Some archives turn out not to be opened, when members have voted on the bids.
        return Inputs([.. bids.Select(b => b.Record.Price is not null && random.Next(8) == 0 ? b with { Archive = Lost } : b)], votes, rules);
    }

    private string Keep(string name, JsonNode json) => Keep(name, JsonSerializer.SerializeToUtf8Bytes(json));

    private string Keep(string name, byte[] bytes)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
