using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>Whatever stands in a dossier, the verifier ends with a verdict: a file that makes it fall over would be the best of all forgeries.</summary>
public sealed class HostileDossierTests : IDisposable
{
    private const int Cases = 100;
    // What the header says of the file and a secret of its term nothing binds but the signature, which the test makes anew.
    private static readonly string[] Unbound = ["line 0: $.made", "line 0: $.through", "line 0: $.log", "line 0: $.format", "until: "];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task Hostile_JSON_anywhere_is_bad_and_never_a_fault()
    {
        var seed = Seed.Get();
        var whole = await WholeTender.MakeAsync("in one part");
        whole.Dossier.Write(PathOf("dossier"));
        var lines = (await File.ReadAllLinesAsync(PathOf("dossier")))[..^1];
        await File.WriteAllTextAsync(PathOf("roots.pem"), whole.Lot.Root.ExportCertificatePem());
        // To repeat a draw takes a while: most cases do without.
        var few = Counted([.. lines.Where(line => !line.Contains("expert-selection", StringComparison.Ordinal))]);
        foreach (var some in new[] { lines, few })
        {
            var run = await RunAsync(whole, some);
            Assert.True(run.Exit == Report.ExitGood, run.Output);
        }
        for (var i = 0; i < Cases; i++)
        {
            // Of its own, so that a case does not depend on how long the documents before it came out.
            var random = new Random(unchecked((seed * 7919) + i));
            var some = (random.Next(20) == 0 ? lines : few).ToArray();
            var what = Spoil(some, random);
            var run = await RunAsync(whole, some);
            Assert.True((run.Exit == Report.ExitBad || Unbound.Any(start => what.StartsWith(start, StringComparison.Ordinal))) && !run.Says("fault") && run.Errors.Length == 0, $"seed {seed}, case {i}: {what}\n{run.Output}\n{run.Errors}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("null\n")]
    [InlineData("[]\n")]
    [InlineData("{\"kind\":null}\n")]
    [InlineData("{\"kind\":1e999}\n")]
    [InlineData("{\"kind\":\"header\"}\n")]
    [InlineData("{\"kind\":\"event\"}\n")]
    [InlineData("\ud800\n")]
    public async Task What_is_no_dossier_is_bad(string text)
    {
        await File.WriteAllBytesAsync(PathOf("dossier"), Encoding.Unicode.GetBytes(text).Where((_, i) => i % 2 == 0).ToArray());
        var run = await Run.Of("tender", PathOf("dossier"));
        Assert.True(run.Exit == Report.ExitBad && run.Errors.Length == 0, run.Output + run.Errors);
    }

    // One value somewhere: in a line, in an event's face, or in the text of a document, whose hash is then set right everywhere, so that it is read.
    private static string Spoil(string[] lines, Random random)
    {
        var at = random.Next(lines.Length);
        var line = JsonNode.Parse(lines[at])!;
        if (line["face"] is not { } text || random.Next(5) == 0)
        {
            var (path, spoilt) = SpoilSome(lines[at], random);
            lines[at] = spoilt;
            return path.StartsWith("$.secret.until", StringComparison.Ordinal) ? $"until: {at} {path}" : $"line {at}: {path}";
        }
        var face = JsonNode.Parse(text.GetValue<string>())!;
        if (face["type"]!.GetValue<string>() == "platform.document-published" && random.Next(4) > 0)
        {
            var payload = face["payload"]!;
            var (old, (path, document)) = (payload["sha256"]!.GetValue<string>(), SpoilSome(payload["text"]!.GetValue<string>(), random));
            (payload["text"], payload["sha256"]) = (document, HexText.Sha256(Encoding.UTF8.GetBytes(document)));
            line["face"] = Encoding.UTF8.GetString(CanonicalJson.Canonicalize(face));
            lines[at] = Encoding.UTF8.GetString(CanonicalJson.Canonicalize(line));
            for (var i = 0; i < lines.Length; i++) lines[i] = lines[i].Replace(old, payload["sha256"]!.GetValue<string>(), StringComparison.Ordinal);
            return $"{payload["kind"]} in line {at}: {path}";
        }
        var (where, changed) = SpoilSome(face.ToJsonString(), random);
        line["face"] = changed;
        lines[at] = Encoding.UTF8.GetString(CanonicalJson.Canonicalize(line));
        return $"face {at}: {where}";
    }

    private static (string Path, string Text) SpoilSome(string json, Random random)
    {
        var root = JsonNode.Parse(json);
        List<JsonNode> nodes = [];
        void Collect(JsonNode? node)
        {
            if (node is null) return;
            nodes.Add(node);
            foreach (var child in node switch { JsonObject o => o.Select(m => m.Value).ToArray(), JsonArray a => [.. a], _ => [] }) Collect(child);
        }
        Collect(root);
        var chosen = nodes[random.Next(nodes.Count)];
        var path = chosen.GetPath();
        var what = random.Next(9);
        if (what == 0 && chosen.Parent is JsonObject parent) parent.Remove(chosen.GetPropertyName());
        else if (what == 1 && chosen.Parent is JsonArray list) list.Add(null);
        else
        {
            const string Mark = "\u0001mark";
            if (ReferenceEquals(chosen, root)) root = JsonValue.Create(Mark);
            else chosen.ReplaceWith(JsonValue.Create(Mark));
            string[] values = ["null", "\"\"", "1e400", "-1", "9007199254740992", "123456789012345678901234567890", "[null]", "{}", "true", new string('[', 500) + new string(']', 500), "\"\\ud800\"", "\"00000000-0000-0000-0000-000000000000\""];
            var value = values[random.Next(values.Length)];
            return ($"{path} := {value[..Math.Min(40, value.Length)]}", Canonical(root!.ToJsonString().Replace(JsonSerializer.Serialize(Mark), value, StringComparison.Ordinal)));
        }
        return ($"{path} {what}", Canonical(root!.ToJsonString()));
    }

    private static string Canonical(string json)
    {
        try { return Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(json))); }
        catch (JsonException) { return json; }
    }

    // The header with the number of events that there are: it is not for their count that a file is bad.
    private static string[] Counted(string[] lines)
    {
        var header = JsonNode.Parse(lines[0])!;
        header["events"] = lines.Length - 1;
        return [Encoding.UTF8.GetString(CanonicalJson.Canonicalize(header)), .. lines[1..]];
    }

    private Task<Run> RunAsync(WholeTender whole, string[] lines)
    {
        Sign(whole, lines);
        return Run.Of("tender", PathOf("dossier"), "--log-key", whole.Dossier.Log.Key.ToString(), "--bid-roots", PathOf("roots.pem"));
    }

    private void Sign(WholeTender whole, string[] lines)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        var text = $"tendering-dossier/1\n{SealedLot.Tender}\n{Convert.ToBase64String(SHA256.HashData(bytes))}\n";
        File.WriteAllBytes(PathOf("dossier"), [.. bytes, .. CanonicalJson.Canonicalize(new JsonObject { ["kind"] = "signature", ["note"] = new SignedNote(text, [whole.Dossier.Log.Sign(text)]).ToString() }), (byte)'\n']);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
