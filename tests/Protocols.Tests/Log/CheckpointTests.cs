using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

public class CheckpointTests
{
    private static readonly string Root = Convert.ToBase64String(MerkleTree.EmptyRoot);

    [Fact]
    public void Published_checkpoints_are_read()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Vectors.Folder("tessera-testdata"), "testdata", "log"), "checkpoint.*").Where(file => Path.HasExtension(file)))
        {
            var note = SignedNote.Parse(File.ReadAllBytes(file));
            var checkpoint = Checkpoint.Parse(note.Text);
            Assert.Equal("example.com/log/testdata", checkpoint.Origin);
            Assert.Equal(Path.GetExtension(file)[1..], $"{checkpoint.Size}");
            Assert.Equal(note.Text, checkpoint.Text);
            Assert.Equal(File.ReadAllText(file), note.ToString());
            Assert.True(note.Signatures[0].IsOf(NoteKey.Parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")));
        }
    }

    [Fact]
    public void Lines_of_the_log_s_own_stay()
    {
        var text = $"o\n0\n{Root}\nmore\n";
        Assert.Equal(["more"], Checkpoint.Parse(text).Extensions);
        Assert.Equal(text, Checkpoint.Parse(text).Text);
    }

    public static TheoryData<string> Bad => [
        "", "\n", $"o\n0\n{Root}", $"o\n00\n{Root}\n", $"o\n-1\n{Root}\n", $"o\n+1\n{Root}\n", $"o\n1 \n{Root}\n", $"o\n9223372036854775808\n{Root}\n", $"\n0\n{Root}\n",
        $"o\n0\n{Root}\n\n", "o\n0\n\n", "o\n0\nAAAA\n", "o\n0\n"];

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_is_not_a_checkpoint_is_refused(string text) => Assert.Throws<LogFormatException>(() => Checkpoint.Parse(text));

    [Fact]
    public void A_checkpoint_opens_with_its_log_s_key_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var log = NoteSigner.ForLog("example.com/log", key);
        var checkpoint = Checkpoint.Of("example.com/log", 0, MerkleTree.EmptyRoot);
        var note = SignedNote.Parse(checkpoint.Sign(log).ToBytes());
        Assert.True(Checkpoint.Open(note, log.Key).SameTree(checkpoint));
        Assert.Equal("checkpoint.signature", Assert.Throws<LogFormatException>(() => Checkpoint.Open(note, NoteKey.OfLog("example.com/log", other))).Code);
        Assert.Equal("checkpoint.origin", Assert.Throws<LogFormatException>(() => Checkpoint.Open(note, NoteKey.OfLog("example.com/other", key))).Code);
        var grown = note with { Text = note.Text.Replace("\n0\n", "\n1\n", StringComparison.Ordinal) };
        Assert.Equal("checkpoint.signature", Assert.Throws<LogFormatException>(() => Checkpoint.Open(grown, log.Key)).Code);
    }

    [Fact]
    public void A_policy_counts_the_witnesses_that_it_names()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var a = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var b = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (log, first, second) = (NoteSigner.ForLog("example.com/log", key), NoteSigner.ForWitness("a", a), NoteSigner.ForWitness("b", b));
        var checkpoint = Checkpoint.Of("example.com/log", 0, MerkleTree.EmptyRoot);
        var bare = checkpoint.Sign(log);
        var one = bare.With(first.Cosign(checkpoint, DateTimeOffset.UnixEpoch));
        var both = one.With(second.Cosign(checkpoint, DateTimeOffset.UnixEpoch));
        var needed = Enumerable.Range(0, 3).Select(n => LogPolicy.Of(log.Key, [first.Key, second.Key], n)).ToArray();
        Assert.Equal([true, false, false], needed.Select(policy => policy.Check(bare).IsGood));
        Assert.Equal([true, true, false], needed.Select(policy => policy.Check(one).IsGood));
        Assert.Equal([true, true, true], needed.Select(policy => policy.Check(both).IsGood));

        // The same witness twice is one witness, and one that the log made up is none.
        Assert.False(needed[2].Check(one.With(first.Cosign(checkpoint, DateTimeOffset.UnixEpoch.AddSeconds(1)))).IsGood);
        Assert.False(LogPolicy.Of(log.Key, [second.Key], 1).Check(one).IsGood);
        Assert.False(needed[0].Check(new SignedNote(checkpoint.Text, [first.Cosign(checkpoint, DateTimeOffset.UnixEpoch)])).IsGood);
    }

    [Fact]
    public void A_policy_file_is_read_as_published()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keys = Enumerable.Range(0, 4).Select(i => NoteKey.OfWitness($"w{i}", key)).ToArray();
        var head = $"# ours\nlog {NoteKey.OfLog("l", key)} https://example.com/log\nwitness a {keys[0]}\nwitness b\t{keys[1]} https://example.com\nwitness c {keys[2]}\n\n";
        var policy = LogPolicy.Parse(head + "group inner any a b\ngroup outer all inner c\nquorum outer\n");
        Assert.Equal((1, 3), (policy.Logs.Count, policy.Witnesses.Count));
        foreach (var bad in new[]
        {
            "", "quorum d\n", "quorum none\nquorum none\n", "quorum", "group g 0 a\nquorum g\n", "group g 3 a b\nquorum g\n", "group g 1 a a\nquorum g\n", "group g 1 d\nquorum g\n",
            "group g 1 a\ngroup h 1 a\nquorum g\n", $"witness a {keys[3]}\nquorum none\n", $"witness none {keys[3]}\nquorum none\n", $"witness d {keys[0]}\nquorum none\n", "other\nquorum none\n",
        })
        {
            Assert.Throws<LogFormatException>(() => LogPolicy.Parse(head + bad));
        }
    }
}
