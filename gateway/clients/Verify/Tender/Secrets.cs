using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>What leads from a secret event's face to an entry of the log (docs/formats/log-entries.md). Hashes and salt in hexadecimal.</summary>
public sealed record SecretOpening(string Face, long Leaf, string[] Path, long Position, string Salt)
{
    public const int Depth = 32;

    /// <summary>Reads canonical JSON; null for anything else.</summary>
    public static SecretOpening? TryParse(ReadOnlySpan<byte> canonical)
    {
        try { return CanonicalJson.Deserialize<SecretOpening>(canonical); }
        catch (JsonException) { return null; }
    }

    /// <summary>The bytes of the entry that closes over the event, or null where path, salt or position are not in their form.</summary>
    public byte[]? Entry()
    {
        var path = Path.Select(hash => HexText.TryDecode(hash, MerkleTree.HashLength)).ToArray();
        if (path.Length != Depth || path.Any(hash => hash is null) || HexText.TryDecode(Salt, 32) is not { } salt || Position is < 0 or > uint.MaxValue) return null;
        var hash = SHA256.HashData([0x00, .. salt, .. Encoding.UTF8.GetBytes(Face)]);
        for (var height = 0; height < Depth; height++)
            hash = (Position >> height & 1) == 0 ? MerkleTree.NodeHash(hash, path[height]!) : MerkleTree.NodeHash(path[height]!, hash);
        return Encoding.ASCII.GetBytes($$"""{"kind":"secrets","root":"{{HexText.Encode(hash)}}"}""");
    }
}
