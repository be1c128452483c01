using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary><c>verify draw RECORD [POOL]</c>: the draw is repeated from its public record.</summary>
public static class DrawCheck
{
    public static Task<Report> RunAsync(Arguments arguments)
    {
        var words = arguments.Words(1, 2);
        var (key, draw) = (arguments.Value("--vrf-key"), arguments.Value("--draw"));
        arguments.RefuseOthers();
        var report = new Report($"draw {words[0]}");
        if (Read<DrawRecord>(report, Arguments.Bytes(words[0]), "draw.malformed", "record") is { } record)
        {
            var pool = words.Length > 1 ? Read<PoolEntry[]>(report, Arguments.Bytes(words[1]), "draw.pool-malformed", "pool") : null;
            Hostile.Guard(report, "draw.malformed", "The record", () => Check(report, record, pool));
            if (key is null) report.Unchecked("draw.vrf-key", "The key of the random function was not given (--vrf-key): that it was published before the draw is not shown.");
            else CheckKey(report, record, key);
            if (draw is null) report.Note("draw.checkpoint", "The draw's own log was not given (--draw): that pool and commitments stood before the random function was computed is not shown.");
            else Hostile.Guard(report, "draw.log", "The draw's log", () => CheckLog(report, record, Arguments.Bytes(draw)));
        }
        return Task.FromResult(report);
    }

    public static void Check(Report report, DrawRecord record, IReadOnlyList<PoolEntry>? pool)
    {
        var findings = ExpertDraw.Verify(record, pool);
        foreach (var finding in findings) report.Bad(finding.Code, finding.Detail);
        if (findings.Count == 0) report.Good("draw", $"Round {record.Round} repeats: {record.Requested} asked for from {record.PoolSize}, {record.Sequence.Count - record.Skips.Count} taken in the order that the seed gives.");
        if (pool is null) report.Unchecked("draw.pool", "The pool was not given: that its hash is that of a numbered list is not shown.");
    }

    /// <param name="key">The compressed key in hexadecimal that was published before the draw.</param>
    public static void CheckKey(Report report, DrawRecord record, string key) =>
        report.Require(key == record.VrfPublicKey, "draw.vrf-key", "The random function is that of the key given.", "The random function is of another key.");

    // What the random function was computed over is the root of some beginning of the draw's log, and that holds the pool and the commitments.
    internal static void CheckLog(Report report, DrawRecord record, byte[] draw)
    {
        var steps = JsonDocument.Parse(draw).RootElement.GetProperty("log").EnumerateArray().Select(step => CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(step.GetRawText()))).ToArray();
        var leaves = steps.Select(step => MerkleTree.LeafHash(step)).ToArray();
        var count = Enumerable.Range(1, steps.Length).FirstOrDefault(n => HexText.Encode(MerkleTree.Root(leaves[..n])) == record.CheckpointRoot);
        var before = string.Concat(steps.Take(count).Select(Encoding.UTF8.GetString));
        report.Require(count > 0 && before.Contains(record.PoolHash, StringComparison.Ordinal) && record.Parties.All(party => before.Contains(party.Commitment, StringComparison.Ordinal)), "draw.checkpoint",
            $"Pool and commitments are among the {count} steps over whose root the random function was computed.", "The root is not one of the draw's log that holds pool and commitments.");
    }

    internal static T? Read<T>(Report report, byte[] bytes, string code, string what)
    {
        try { return CanonicalJson.Deserialize<T>(bytes); }
        catch (Exception e) when (Hostile.IsOf(e))
        {
            report.Bad(code, $"The {what} is not canonical JSON of its form: {e.Message}");
            return default;
        }
    }
}
