using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>
/// A tender's public documents: those that a dossier's events bring in parts, each in a temporary file until it is asked for, and those of a folder where the dossier
/// has none.
/// </summary>
public sealed class Documents(string? folder, Report report) : IDisposable
{
    /// <summary>The most bytes of a document that is looked at.</summary>
    public const long BytesMax = 256 * 1024 * 1024;
    public const string Notice = "notice", Opening = "opening-record", Evaluation = "evaluation-report", Committee = "committee", Pool = "draw-pool", Draw = "draw";

    /// <summary>Who publishes what, and how a file of it is called.</summary>
    private static readonly Dictionary<string, (string Source, string Suffix)> Kinds = new()
    {
        [Notice] = ("tenders", "notice"), [Opening] = ("bid-opening", "opening"), [Evaluation] = ("evaluation", "report"), [Committee] = ("evaluation", "committee"),
        [Pool] = ("expert-selection", "pool"), [Draw] = ("expert-selection", "draw"),
    };

    private readonly Dictionary<(string Kind, Guid Subject), Gathered> _gathered = [];
    private DirectoryInfo? _spool;

    private sealed record Gathered(string Path, string Sha256, int Parts)
    {
        public int Next { get; set; } = 1;
        public bool Broken { get; set; }
    }

    /// <summary>Takes a part as it stands in an event of this source.</summary>
    public void Take(string source, JsonElement part)
    {
        var key = (Kind: part.GetProperty("kind").GetString()!, Subject: part.GetProperty("subject").GetGuid());
        var (number, parts, hash) = (part.GetProperty("part").GetInt32(), part.GetProperty("parts").GetInt32(), part.GetProperty("sha256").GetString()!);
        if (!Kinds.TryGetValue(key.Kind, out var known)) report.Note("tender.document", $"A document of kind '{key.Kind}' is not known here.");
        else report.Require(known.Source == source, "tender.document", $"The {key.Kind} of {key.Subject} comes from {source}, which does not publish such.");
        _spool ??= Directory.CreateTempSubdirectory("tendering-verify-");
        if (!_gathered.TryGetValue(key, out var document)) _gathered.Add(key, document = new Gathered(Path.Combine(_spool.FullName, $"{_gathered.Count}"), hash, parts));
        document.Broken |= !report.Require((number, parts, hash) == (document.Next, document.Parts, document.Sha256), "tender.document", $"The parts of the {key.Kind} of {key.Subject} do not make one document.");
        document.Next++;
        File.AppendAllText(document.Path, part.GetProperty("text").GetString(), new UTF8Encoding(false));
    }

    /// <summary>Says of all that were brought whether they are whole and what their hashes say.</summary>
    public void Check()
    {
        foreach (var (key, document) in _gathered.Where(d => !d.Value.Broken))
        {
            using var file = File.OpenRead(document.Path);
            document.Broken = !report.Require(document.Next == document.Parts + 1 && HexText.Encode(SHA256.HashData(file)) == document.Sha256, "tender.document", $"The {key.Kind} of {key.Subject} is not whole, or not the one of its hash.");
        }
        if (_gathered.Count(d => !d.Value.Broken) is var whole and > 0) report.Good("tender.documents", $"{whole} public documents are in the dossier, each as its hash in the log says.");
    }

    /// <summary>The document, or null where it is nowhere; a name that only a folder can have is given without kind.</summary>
    public byte[]? Find(string kind, Guid subject)
    {
        if (_gathered.TryGetValue((kind, subject), out var document)) return document.Broken ? null : Read(document.Path);
        return InFolder(NameOf(kind, subject));
    }

    public byte[]? InFolder(string name) => folder is not null && Path.Combine(folder, name) is var file && File.Exists(file) ? Read(file) : null;

    /// <summary>All of one kind that the dossier brings.</summary>
    public IEnumerable<(Guid Subject, byte[] Bytes)> All(string kind) => _gathered.Keys.Where(key => key.Kind == kind).Select(key => (key.Subject, Find(kind, key.Subject))).Where(d => d.Item2 is not null).Select(d => (d.Subject, d.Item2!));

    public static string NameOf(string kind, Guid subject) => $"{subject}.{Kinds[kind].Suffix}.json";

    public void Dispose() => _spool?.Delete(true);

    private byte[]? Read(string file)
    {
        if (new FileInfo(file).Length <= BytesMax) return File.ReadAllBytes(file);
        report.Unchecked("tender.documents", $"{Path.GetFileName(file)} is larger than {BytesMax >> 20} MiB and was not looked at.");
        return null;
    }
}
