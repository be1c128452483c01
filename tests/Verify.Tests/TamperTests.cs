using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>Whatever is done to a log's files, by whoever can write to them, the verifier finds it.</summary>
public class TamperTests
{
    private const int Cases = 60;

    [Fact]
    public async Task Any_change_to_any_file_is_found()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var export = new TestExport(random.Next(600, 1500));
        var files = Directory.EnumerateFiles(export.Log0, "*", SearchOption.AllDirectories).Where(file => IsOfTheCheckpoint(export, file)).ToArray();
        for (var i = 0; i < Cases; i++)
        {
            var file = files[random.Next(files.Length)];
            var good = File.ReadAllBytes(file);
            var (what, bad) = Change(good, random);
            if (bad is null) File.Delete(file);
            else File.WriteAllBytes(file, bad);
            var run = await export.VerifyAsync();
            Assert.True(run.Exit != Report.ExitGood, $"seed {seed}: {what} in {file}\n{run.Output}");
            File.WriteAllBytes(file, good);
        }
        Assert.Equal(Report.ExitGood, (await export.VerifyAsync()).Exit);
    }

    public static TheoryData<string> Deeds => ["change", "delete", "reorder", "insert", "copy", "roll back"];

    [Theory]
    [MemberData(nameof(Deeds))]
    public async Task A_past_that_the_log_s_own_key_signed_anew_is_found_by_who_has_seen_it(string deed)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 5; i++)
        {
            using var export = new TestExport(random.Next(20, 900));
            Assert.Equal(Report.ExitGood, (await export.VerifyAsync()).Exit);
            var seen = (int)export.Size;
            export.Grow(random.Next(0, 300));
            // Whatever is old enough to have been seen; the whole log, with tiles, bundles and signatures, is made to fit.
            export.Rewrite(Done(deed, [.. export.Entries], seen, random));
            var run = await export.VerifyAsync();
            Assert.True(run.Exit == Report.ExitBad && (run.SaysBad("log.consistent") || run.SaysBad("log.forked") || run.SaysBad("log.rolled-back")), $"seed {seed}\n{run.Output}");
            Assert.Equal(Report.ExitBad, (await export.VerifyAsync("--new-only")).Exit);
        }
    }

    [Fact]
    public async Task An_event_that_stands_twice_is_found_even_at_the_first_look()
    {
        using var export = new TestExport(400);
        export.Append([export.Entries[17]]);
        var run = await export.VerifyAsync();
        Assert.True(run.Exit == Report.ExitBad && run.SaysBad("entries.repeated"), run.Output);
    }

    internal static List<byte[]> Done(string deed, List<byte[]> entries, int seen, Random random)
    {
        var (at, other) = (random.Next(seen), random.Next(seen - 1));
        switch (deed)
        {
            case "change": entries[at] = TestExport.Entry(1_000_000 + at, "other"); break;
            case "delete": entries.RemoveAt(at); break;
            case "insert": entries.Insert(at, TestExport.Entry(2_000_000 + at, "new")); break;
            case "copy": entries.Insert(at, entries[other]); break;
            case "roll back": entries.RemoveRange(at, entries.Count - at); break;
            default:
                other += other >= at ? 1 : 0;
                (entries[at], entries[other]) = (entries[other], entries[at]);
                break;
        }
        return entries;
    }

    // Partial files of earlier sizes are no part of what the checkpoint covers.
    private static bool IsOfTheCheckpoint(TestExport export, string file)
    {
        var path = Path.GetRelativePath(export.Log0, file);
        return path == "checkpoint" || TileId.Between(0, export.Size).Concat(TileId.Between(0, export.Size, entries: true)).Any(tile => tile.Path == path);
    }

    private static (string, byte[]?) Change(byte[] good, Random random)
    {
        var bytes = good.ToList();
        var (at, other) = (random.Next(bytes.Count), random.Next(bytes.Count));
        switch (random.Next(6))
        {
            case 0: return ("deleted", null);
            case 1: bytes[at] ^= (byte)(1 << random.Next(8)); return ($"bit of byte {at}", [.. bytes]);
            case 2: bytes.RemoveAt(at); return ($"byte {at} taken out", [.. bytes]);
            case 3: bytes.Insert(at, (byte)random.Next(256)); return ($"byte put in at {at}", [.. bytes]);
            case 4: bytes.RemoveRange(at, bytes.Count - at); return ($"cut off at {at}", [.. bytes]);
            default:
                while (bytes[at] == bytes[other]) (at, other) = (random.Next(bytes.Count), random.Next(bytes.Count));
                (bytes[at], bytes[other]) = (bytes[other], bytes[at]);
                return ($"bytes {at} and {other} changed places", [.. bytes]);
        }
    }
}
