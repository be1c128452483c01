using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Witness.Tests;

public class AddCheckpointTests
{
    [Fact]
    public async Task A_log_that_grows_is_cosigned_each_time()
    {
        var log = new TestLog();
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Request(0)));
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Grow(5).Request(0)));
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Request(5)));
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Grow(1000).Request(5)));
        Assert.Empty(witness.Evidence);
        var view = await witness.Http.GetFromJsonAsync<JsonNode>("/");
        Assert.Equal(1005, view!["logs"]![0]!["size"]!.GetValue<long>());
        var shown = SignedNote.Parse(view["logs"]![0]!["checkpoint"]!.GetValue<string>());
        Assert.Equal(2, shown.Check(log.Key, witness.Key).Good.Count);
        Assert.Equal(witness.Key.ToString() + "\n", await witness.Http.GetStringAsync("/key"));
    }

    [Fact]
    public async Task What_the_asker_believes_of_the_last_size_is_put_right()
    {
        var log = new TestLog().Grow(7);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal((409, false, 0), await witness.VerdictAsync(log.Request(3)));
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Request(0)));
        log.Grow(3);
        using var response = await witness.AskAsync(log.Request(0));
        Assert.Equal((409, WitnessRequest.SizeContentType, "7\n"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType, await response.Content.ReadAsStringAsync()));
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Request(7)));
    }

    [Fact]
    public async Task An_unknown_origin_a_foreign_signature_and_a_size_beyond_the_checkpoint_are_refused()
    {
        var log = new TestLog().Grow(7);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(404, (await witness.VerdictAsync(new TestLog("example.com/other").Grow(1).Request(0))).Status);
        Assert.Equal(403, (await witness.VerdictAsync(new TestLog("example.com/log").Grow(1).Request(0))).Status);
        Assert.Equal(403, (await witness.VerdictAsync(log.Request(0) with { Checkpoint = log.Signed with { Text = log.At(6).Text } })).Status);
        Assert.Equal(400, (await witness.VerdictAsync(log.Request(8, 7))).Status);
        foreach (var garbage in new[] { "", "old 0\n", "old x\n\na\n1\nb\n\n— a AAAA\n", new string('x', WitnessRequest.BytesMax) })
            Assert.Equal(400, (int)(await witness.AskAsync(System.Text.Encoding.UTF8.GetBytes(garbage))).StatusCode);
        Assert.Equal(413, (int)(await witness.AskAsync(new byte[WitnessRequest.BytesMax + 1])).StatusCode);
        Assert.Empty(witness.Evidence);
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Request(0)));
    }

    [Fact]
    public async Task A_wrong_proof_is_refused_and_kept()
    {
        var log = new TestLog().Grow(7);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(200, (await witness.VerdictAsync(log.Request(0))).Status);
        log.Grow(6);
        var good = log.Request(7);
        Assert.Equal(422, (await witness.VerdictAsync(good with { Proof = [] })).Status);
        Assert.Equal(422, (await witness.VerdictAsync(good with { Proof = [.. good.Proof.Reverse()] })).Status);
        Assert.Equal(422, (await witness.VerdictAsync(good with { Proof = [.. good.Proof, MerkleTree.EmptyRoot] })).Status);
        Assert.Single(witness.Evidence);
        Assert.Equal("unproven", JsonNode.Parse(witness.Evidence[0])!["kind"]!.GetValue<string>());
        Assert.Equal((200, true, null), await witness.VerdictAsync(good));
    }

    [Fact]
    public async Task A_fork_is_refused_for_ever_and_its_two_checkpoints_are_kept()
    {
        var log = new TestLog().Grow(7);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(200, (await witness.VerdictAsync(log.Request(0))).Status);
        var other = log.Branch(3).Grow(4, "rewritten");
        for (var again = 0; again < 3; again++) Assert.Equal((409, false, 7), await witness.VerdictAsync(other.Request(7)));
        var evidence = JsonNode.Parse(Assert.Single(witness.Evidence))!;
        Assert.Equal("fork", evidence["kind"]!.GetValue<string>());
        // Both are signed by the log, of one size, with two roots: the log cannot deny it.
        var notes = new[] { evidence["cosigned"]!, evidence["offered"]! }.Select(note => SignedNote.Parse(note.GetValue<string>())).ToArray();
        var both = notes.Select(note => Checkpoint.Open(note, log.Key)).ToArray();
        Assert.Equal(both[0].Size, both[1].Size);
        Assert.NotEqual(both[0].Root, both[1].Root);

        // Later too, however the false history grows, and whatever it claims to follow from.
        other.Grow(20, "rewritten");
        Assert.Equal(422, (await witness.VerdictAsync(other.Request(7))).Status);
        Assert.Equal(409, (await witness.VerdictAsync(other.Request(0))).Status);
        await witness.StopAsync();
        await witness.StartAsync();
        Assert.Equal(422, (await witness.VerdictAsync(other.Request(7))).Status);
        Assert.Equal((200, true, null), await witness.VerdictAsync(log.Grow(1).Request(7)));
        Assert.Equal((409, false, 8), await witness.VerdictAsync(other.Request(7)));
        Assert.Equal(2, (await witness.Http.GetFromJsonAsync<JsonNode>("/"))!["evidence"]!.AsArray().Count);
        var name = Path.GetFileName(Directory.GetFiles(Path.Combine(witness.Folder.FullName, "evidence"), "fork-*").Single());
        Assert.Equal("fork", (await witness.Http.GetFromJsonAsync<JsonNode>($"/evidence/{name}"))!["kind"]!.GetValue<string>());
        Assert.Equal(404, (int)(await witness.Http.GetAsync("/evidence/..%2Fkey.pem")).StatusCode);
    }

    [Fact]
    public async Task A_log_rolled_back_to_yesterday_is_refused_for_ever()
    {
        var log = new TestLog().Grow(7);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(200, (await witness.VerdictAsync(log.Request(0))).Status);
        var yesterday = log.Branch(4);
        foreach (var old in new[] { 0, 4 }) Assert.Equal((409, false, 7), await witness.VerdictAsync(yesterday.Request(old)));
        await witness.StopAsync();
        await witness.StartAsync();
        yesterday.Grow(10, "since then");
        Assert.Equal((409, false, 7), await witness.VerdictAsync(yesterday.Request(4)));
        Assert.Equal(422, (await witness.VerdictAsync(yesterday.Request(7))).Status);
    }

    [Fact]
    public async Task Of_many_requests_at_once_each_size_follows_from_the_one_before()
    {
        var log = new TestLog().Grow(1);
        await using var witness = await WitnessFixture.StartAsync(log.Key);
        Assert.Equal(200, (await witness.VerdictAsync(log.Request(0))).Status);
        var other = log.Branch(1).Grow(1, "rewritten");
        log.Grow(1);
        // Two histories of size 2 race for the cosignature: one gets it, whatever the order.
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => witness.VerdictAsync((i % 2 == 0 ? log : other).Request(1))));
        var won = verdicts.Select((verdict, i) => (verdict.Status, Side: i % 2)).Where(v => v.Status == 200).Select(v => v.Side).Distinct();
        Assert.Single(won);
        Assert.All(verdicts, verdict => Assert.Contains(verdict.Status, new[] { 200, 409 }));
    }
}
