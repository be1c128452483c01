using System.Security.Cryptography;
using System.Text.Json;
using Tendering.Protocols;
using Tendering.Verify.Log;

namespace Tendering.Verify.Tender;

/// <summary>Looks in the log itself for the event that published the key of receipts; it stands near the log's beginning.</summary>
internal static class LoggedReceiptKey
{
    /// <summary>The key of an entry that the log's signed checkpoint holds; null where there is none, which is said.</summary>
    public static async Task<ECDsa?> FindAsync(Report report, string place, LogPolicy? policy, bool showProgress, CancellationToken ct)
    {
        using var source = LogSource.Open(place);
        try
        {
            var note = SignedNote.Parse(await source.ReadAsync("checkpoint", ct) ?? throw new UnreachableException("The log has no checkpoint."));
            if (Signatures.CheckCheckpoint(report, note, policy) && await FindAsync(report, source, Checkpoint.Parse(note.Text), showProgress, ct) is { } key) return key;
            report.Unchecked("receipt.key", "The log has no event that published the key of receipts.");
        }
        catch (UnreachableException e) { report.Unchecked("unreachable", e.Message); }
        catch (LogFormatException e) { report.Bad(e.Code, e.Message); }
        return null;
    }

    private static async Task<ECDsa?> FindAsync(Report report, LogSource source, Checkpoint checkpoint, bool showProgress, CancellationToken ct)
    {
        using var progress = new Progress(showProgress, "entries");
        foreach (var tile in TileId.Between(0, checkpoint.Size, entries: true))
        {
            var start = tile.Index * TileId.WidthMax;
            var entries = EntryBundle.Decode(await source.ReadAsync(tile, ct) ?? throw new UnreachableException($"{tile.Path} is missing."), tile.Width);
            for (var i = 0; i < entries.Count; i++)
            {
                if (KeyIn(entries[i]) is not { } key) continue;
                var proof = await new TileProver(source).InclusionAsync(start + i, checkpoint.Size, ct);
                if (report.Require(MerkleTree.VerifyInclusion(start + i, checkpoint.Size, MerkleTree.LeafHash(entries[i].Span), proof, checkpoint.Root), "receipt.key",
                    $"The key of receipts is the one that entry {start + i} of the log published.", $"Entry {start + i} is not in the log of the checkpoint.")) return key;
                key.Dispose();
                return null;
            }
            progress.At(start + entries.Count, checkpoint.Size);
        }
        return null;
    }

    private static ECDsa? KeyIn(ReadOnlyMemory<byte> entry)
    {
        if (entry.Span.IndexOf("\"bidding.receipt-key-published\""u8) < 0) return null;
        try
        {
            using var json = JsonDocument.Parse(entry);
            var face = json.RootElement;
            return (face.GetProperty("type").GetString(), face.GetProperty("source").GetString()) == (LoggedKeys.Receipts, "bidding") ? Signatures.FromJwk(face.GetProperty("payload")) : null;
        }
        catch (Exception e) when (Hostile.IsOf(e)) { return null; }
    }
}
