using System.IO.Compression;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

public class VerifyLogTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(70_000)]
    public async Task A_log_that_is_whole_is_good(int size)
    {
        using var export = new TestExport(size);
        var run = await export.VerifyAsync();
        Assert.True(run.Exit == Report.ExitGood, run.Output);
        Assert.True(run.Says("checkpoint.cosignature") && run.Says("root") && run.Says("tiles"), run.Output);
        Assert.Contains("Verdict: good", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_grew_is_compared_with_what_was_seen()
    {
        using var export = new TestExport(300);
        Assert.Equal(Report.ExitGood, (await export.VerifyAsync()).Exit);
        export.Grow(400);
        var run = await export.VerifyAsync();
        Assert.Equal(Report.ExitGood, run.Exit);
        Assert.True(run.Says("log.consistent"), run.Output);
        export.Grow(100);
        run = await export.VerifyAsync("--new-only");
        Assert.True(run.Exit == Report.ExitGood && run.Says("log.consistent"), run.Output);
        Assert.Contains("The first 700 entries were checked by an earlier run", run.Output, StringComparison.Ordinal);
        run = await export.VerifyAsync("--new-only");
        Assert.True(run.Exit == Report.ExitGood, run.Output);
    }

    [Fact]
    public async Task A_full_file_stands_for_a_partial_one()
    {
        using var export = new TestExport(300);
        var small = export.Read("checkpoint");
        export.Grow(300);
        foreach (var path in new[] { "tile/0/001.p/44", "tile/entries/001.p/44" }) File.Delete(Path.Combine(export.Log0, path));
        export.Write("checkpoint", small);
        var run = await export.VerifyAsync();
        Assert.True(run.Exit == Report.ExitGood, run.Output);
    }

    [Fact]
    public async Task An_export_may_be_one_zip_file_or_be_copied_from_another()
    {
        using var export = new TestExport(600);
        var (zip, copy) = (Path.Combine(export.Folder.FullName, "log.zip"), Path.Combine(export.Folder.FullName, "copy"));
        await ZipFile.CreateFromDirectoryAsync(export.Log0, zip, TestContext.Current.CancellationToken);
        string[] keys = ["--log-key", export.Log.Key.ToString(), "--witness-key", export.Witness.Key.ToString(), "--state", export.State];
        Assert.Equal(Report.ExitGood, (await Run.Of(["log", zip, .. keys, "--save", copy])).Exit);
        var run = await Run.Of(["log", copy, .. keys]);
        Assert.True(run.Exit == Report.ExitGood, run.Output);
    }

    [Fact]
    public async Task Without_keys_the_verdict_is_incomplete_and_the_key_once_given_is_remembered()
    {
        using var export = new TestExport(10);
        var run = await Run.Of("log", export.Log0, "--state", export.State);
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("key.unknown"), run.Output);
        Assert.False(File.Exists(export.State));
        Assert.Equal(Report.ExitGood, (await export.VerifyAsync()).Exit);
        run = await Run.Of("log", export.Log0, "--state", export.State);
        Assert.True(run.Exit == Report.ExitGood && run.Says("key.remembered"), run.Output);
    }

    [Fact]
    public async Task Too_few_witnesses_and_a_wrong_signature_are_bad()
    {
        using var export = new TestExport(10);
        export.Sign(cosigned: false);
        var run = await export.VerifyAsync();
        Assert.True(run.Exit == Report.ExitBad && run.SaysBad("checkpoint.quorum"), run.Output);
        Assert.Equal(Report.ExitGood, (await export.VerifyAsync("--witnesses-needed", "0")).Exit);

        export.Write("checkpoint", export.Checkpoint.Sign(NoteSigner.ForLog("example.com/log", System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256))).ToBytes());
        Assert.True((await export.VerifyAsync("--witnesses-needed", "0")).SaysBad("checkpoint.signature"));
        export.Write("checkpoint", "garbage"u8.ToArray());
        Assert.True((await export.VerifyAsync()).SaysBad("note.malformed"));
        File.Delete(Path.Combine(export.Log0, "checkpoint"));
        Assert.Equal(Report.ExitIncomplete, (await export.VerifyAsync()).Exit);
    }

    [Fact]
    public async Task A_log_of_others_is_checked_as_far_as_it_goes()
    {
        // Signed by Ed25519, which the framework has not, and with entries of another kind; the tree is what can be checked.
        var folder = Vectors.Folder("tessera-testdata");
        using var export = new TestExport();
        var run = await Run.Of("log", Path.Combine(folder, "testdata", "log"), "--state", export.State, "--log-key", "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("root") && run.Says("entries.unknown"), run.Output);
        Assert.DoesNotContain("BAD", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machines_get_JSON_and_nonsense_gets_the_usage()
    {
        using var export = new TestExport(3);
        var json = JsonNode.Parse((await export.VerifyAsync("--json")).Output)!;
        Assert.Equal("good", json["verdict"]!.GetValue<string>());
        Assert.All(json["findings"]!.AsArray(), finding => Assert.NotNull(finding!["code"]));
        foreach (var args in new string[][] { [], ["nothing"], ["log"], ["log", "a", "b"], ["log", "/nowhere/at/all"], ["log", export.Log0, "--unknown", "x"], ["log", export.Log0, "--log-key"], ["log", export.Log0, "--log-key", "x"],
            ["log", export.Log0, "--witness-key", export.Witness.Key.ToString()], ["log", export.Log0, "--policy", "/nowhere"], ["log", export.Log0, "--timestamp-roots", export.State] })
        {
            var run = await Run.Of(args);
            Assert.True(run.Exit == Report.ExitUsage && run.Errors.Contains("verify log", StringComparison.Ordinal), string.Join(' ', args));
        }
    }

    [Fact]
    public async Task A_damaged_memory_is_not_taken_for_an_empty_one()
    {
        using var export = new TestExport(3);
        await export.VerifyAsync();
        File.WriteAllText(export.State, "{");
        Assert.Equal(Report.ExitUsage, (await export.VerifyAsync()).Exit);
    }

    [Fact]
    public async Task An_address_that_does_not_answer_leaves_the_check_incomplete()
    {
        using var export = new TestExport();
        var run = await Run.Of("log", "http://127.0.0.1:1/log", "--state", export.State);
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("unreachable"), run.Output + run.Errors);
    }
}
