using System.Security.Cryptography;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>A log's files in a folder, as an export has them, made from entries by the protocols alone.</summary>
internal sealed class TestExport : IDisposable
{
    private readonly TileBuilder _tree = new();
    private readonly List<byte[]> _entries = [];
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256), _witnessKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestExport(int entries = 0)
    {
        (Log, Witness) = (NoteSigner.ForLog("example.com/log", _key), NoteSigner.ForWitness("witness.example", _witnessKey));
        Grow(entries);
    }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("tendering-verify");
    public string Log0 => Path.Combine(Folder.FullName, "log");
    public string State => Path.Combine(Folder.FullName, "state.json");
    public NoteSigner Log { get; }
    public NoteSigner Witness { get; }
    public long Size => _tree.Size;
    public Checkpoint Checkpoint => Checkpoint.Of("example.com/log", _tree.Size, _tree.Root());

    public static byte[] Entry(long number, string text = "entry") => Encoding.UTF8.GetBytes(
        $$$"""{"hidden":"{{{HexText.Sha256(BitConverter.GetBytes(number))}}}","id":"{{{new Guid((int)number, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7)}}}","kind":"event","payload":{"text":"{{{text}}} {{{number}}}"},"role":"agency","source":"tenders","tender":null,"time":"2026-03-02T01:00:00.000000Z","type":"tenders.tender-published","version":1}""");

    /// <summary>Appends entries and writes what changed, with a new checkpoint.</summary>
    public void Grow(int count, string text = "entry") => Append([.. Enumerable.Range(0, count).Select(i => Entry(Size + i, text))]);

    public void Append(IEnumerable<byte[]> entries)
    {
        var before = _tree.Size;
        foreach (var entry in entries)
        {
            _entries.Add(entry);
            _tree.Append(MerkleTree.LeafHash(entry));
        }
        foreach (var (tile, bytes) in _tree.TakeTiles()) Write(tile.Path, bytes);
        foreach (var tile in TileId.Between(before, _tree.Size, entries: true)) Write(tile.Path, EntryBundle.Encode(_entries.GetRange((int)tile.Index * TileId.WidthMax, tile.Width)));
        Sign();
    }

    public void Sign(bool cosigned = true)
    {
        var note = Checkpoint.Sign(Log);
        Write("checkpoint", (cosigned ? note.With(Witness.Cosign(Checkpoint, DateTimeOffset.FromUnixTimeSeconds(1_772_400_000))) : note).ToBytes());
    }

    public void Write(string path, byte[] bytes)
    {
        var file = Path.Combine(Log0, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
    }

    public byte[] Read(string path) => File.ReadAllBytes(Path.Combine(Log0, path));

    /// <summary>Replaces the whole log by another of these entries, signed anew: what an operator who holds the key could do.</summary>
    public void Rewrite(IReadOnlyList<byte[]> entries)
    {
        Directory.Delete(Log0, true);
        var tree = new TileBuilder();
        foreach (var entry in entries) tree.Append(MerkleTree.LeafHash(entry));
        foreach (var (tile, bytes) in tree.TakeTiles()) Write(tile.Path, bytes);
        foreach (var tile in TileId.Between(0, tree.Size, entries: true)) Write(tile.Path, EntryBundle.Encode([.. entries.Skip((int)tile.Index * TileId.WidthMax).Take(tile.Width)]));
        var checkpoint = Checkpoint.Of("example.com/log", tree.Size, tree.Root());
        Write("checkpoint", checkpoint.Sign(Log).With(Witness.Cosign(checkpoint, DateTimeOffset.UnixEpoch)).ToBytes());
    }

    public IReadOnlyList<byte[]> Entries => _entries;

    /// <summary>Runs the program as a user does; the log's and the witness's keys are given unless the test gives others.</summary>
    public Task<Run> VerifyAsync(params string[] more) => Run.Of(["log", Log0, "--state", State, "--log-key", Log.Key.ToString(), "--witness-key", Witness.Key.ToString(), .. more]);

    public void Dispose()
    {
        _key.Dispose();
        _witnessKey.Dispose();
        Folder.Delete(recursive: true);
    }
}

/// <summary>What a call of the program gave.</summary>
internal sealed record Run(int Exit, string Output, string Errors)
{
    public static async Task<Run> Of(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exit = await Verifier.MainAsync(args, output, errors);
        return new Run(exit, output.ToString(), errors.ToString());
    }

    public bool Says(string code) => Output.Contains($"[{code}]", StringComparison.Ordinal);
    public bool SaysBad(string code) => SaysOf("BAD", code);
    public bool SaysUnchecked(string code) => SaysOf("not checked", code);

    private bool SaysOf(string mark, string code) => Output.Split('\n').Any(line => line.StartsWith($"  {mark} ", StringComparison.Ordinal) && line.EndsWith($"[{code}]", StringComparison.Ordinal));
}
