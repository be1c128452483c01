using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>A log with events of one tender and the dossier over it, written as docs/formats/log-entries.md and dossier.md say and with nothing of the service that does it.</summary>
internal sealed class TestDossier
{
    private readonly List<(string Face, byte[] HiddenSalt, JsonObject Hidden, string? Payload, JsonObject? Secret, byte[] Entry, string? Path)> _events = [];
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestDossier() => Log = NoteSigner.ForLog("example.com/log", _key);

    public NoteSigner Log { get; }

    /// <summary>Where an event stands in the dossier, to be changed before it is written.</summary>
    public int Count => _events.Count;

    /// <summary>Adds an event; a secret one hangs at a place of its own tree. Returns its face and opening.</summary>
    public (string Face, JsonObject? Opening) Add(string type, JsonObject payload, bool secret = false, Guid? id = null, Guid? organisation = null, string? source = null, bool ofTender = true)
    {
        var hidden = new JsonObject { ["address"] = "10.0.0.1", ["hash"] = HexText.Sha256([1]), ["index"] = _events.Count + 5, ["organisation"] = organisation, ["person"] = null, ["sequence"] = _events.Count + 1 };
        var salt = RandomNumberGenerator.GetBytes(32);
        var face = Encoding.UTF8.GetString(CanonicalJson.Canonicalize(new JsonObject
        {
            ["hidden"] = HexText.Sha256([.. salt, .. CanonicalJson.Canonicalize(hidden)]), ["id"] = id ?? Guid.NewGuid(), ["kind"] = "event", ["payload"] = payload, ["role"] = "agency", ["source"] = source ?? type.Split('.')[0],
            ["tender"] = ofTender ? SealedLot.Tender : null, ["time"] = "2026-03-02T01:00:00.000000Z", ["type"] = type, ["version"] = 1,
        }));
        if (!secret)
        {
            _events.Add((face, salt, hidden, null, null, Encoding.UTF8.GetBytes(face), null));
            return (face, null);
        }
        var (secretSalt, position) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetInt32(int.MaxValue));
        var path = Enumerable.Range(0, 32).Select(_ => RandomNumberGenerator.GetBytes(32)).ToArray();
        var hash = SHA256.HashData([0, .. secretSalt, .. Encoding.UTF8.GetBytes(face)]);
        for (var height = 0; height < 32; height++) hash = SHA256.HashData([1, .. (position >> height) % 2 == 0 ? hash : path[height], .. (position >> height) % 2 == 0 ? path[height] : hash]);
        var opening = new JsonObject { ["path"] = new JsonArray([.. path.Select(p => (JsonNode)HexText.Encode(p))]), ["position"] = position, ["salt"] = HexText.Encode(secretSalt) };
        var shown = (JsonObject)opening.DeepClone();
        (shown["face"], shown["leaf"]) = (face, _events.Count);
        opening["until"] = "opening";
        _events.Add((face, salt, hidden, null, opening, Encoding.UTF8.GetBytes($"{{\"kind\":\"secrets\",\"root\":\"{HexText.Encode(hash)}\"}}"), null));
        return (face, shown);
    }

    /// <summary>A document as its owner publishes it, in as many parts.</summary>
    public void AddDocument(string source, string kind, Guid subject, string text, int parts = 1)
    {
        var length = (text.Length + parts - 1) / parts;
        for (var i = 0; i < parts; i++)
            Add("platform.document-published", new()
            {
                ["tenderId"] = SealedLot.Tender, ["kind"] = kind, ["subject"] = subject, ["sha256"] = HexText.Sha256(Encoding.UTF8.GetBytes(text)), ["part"] = i + 1, ["parts"] = parts,
                ["text"] = text.Substring(i * length, Math.Min(length, text.Length - (i * length))), ["publishedAt"] = "2026-03-02T01:00:00+00:00",
            }, source: source);
    }

    public byte[][] Leaves => [.. _events.Select(e => MerkleTree.LeafHash(e.Entry))];

    public SignedNote Checkpoint => Protocols.Checkpoint.Of("example.com/log", _events.Count, MerkleTree.Root(Leaves)).Sign(Log);

    public TlogProof ProofOf(int leaf, byte[]? extra) => new(leaf, MerkleTree.InclusionProof(leaf, Leaves), Checkpoint, extra);

    public string Write(string file, Action<List<JsonObject>>? change = null, bool sign = true)
    {
        var leaves = Leaves;
        var lines = new List<JsonObject>
        {
            new()
            {
                ["kind"] = "header", ["format"] = "tendering-dossier/1", ["tender"] = SealedLot.Tender, ["made"] = "2026-03-03T01:00:00.000000Z", ["through"] = _events.Count + 5, ["events"] = _events.Count, ["timestamps"] = 0,
                ["log"] = new JsonObject { ["key"] = Log.Key.ToString(), ["needed"] = 0, ["origin"] = "example.com/log", ["witnesses"] = new JsonArray() }, ["checkpoint"] = Checkpoint.ToString(),
            },
        };
        lines.AddRange(_events.Select((e, i) => new JsonObject
        {
            ["kind"] = "event", ["face"] = e.Face, ["hidden"] = e.Hidden.DeepClone(), ["hiddenSalt"] = HexText.Encode(e.HiddenSalt), ["payload"] = e.Payload, ["leaf"] = i,
            ["proof"] = new JsonArray([.. MerkleTree.InclusionProof(i, leaves).Select(hash => (JsonNode)HexText.Encode(hash))]), ["secret"] = e.Secret?.DeepClone(),
        }));
        change?.Invoke(lines);
        using var bytes = new MemoryStream();
        foreach (var line in lines) bytes.Write([.. CanonicalJson.Canonicalize(line), (byte)'\n']);
        var text = $"tendering-dossier/1\n{SealedLot.Tender}\n{Convert.ToBase64String(SHA256.HashData(bytes.ToArray()))}\n";
        if (sign) bytes.Write([.. CanonicalJson.Canonicalize(new JsonObject { ["kind"] = "signature", ["note"] = new SignedNote(text, [Log.Sign(text)]).ToString() }), (byte)'\n']);
        File.WriteAllBytes(file, bytes.ToArray());
        return file;
    }
}
