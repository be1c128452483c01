using System.Text.Json;
using Tendering.Protocols;
using Tendering.Verify.Log;

namespace Tendering.Verify.Tender;

/// <summary>Looks through the whole log, up to a dossier's checkpoint, for public events of the tender that the dossier leaves out.</summary>
public static class CompletenessCheck
{
    public static async Task RunAsync(Report report, LogSource source, Checkpoint checkpoint, Guid tender, IReadOnlyDictionary<Guid, string> faces, bool showProgress, CancellationToken ct)
    {
        var (tree, found, missing) = (new TileBuilder(), 0, 0);
        using var progress = new Progress(showProgress, "entries");
        foreach (var tile in TileId.Between(0, checkpoint.Size, entries: true))
        {
            if (await source.ReadAsync(tile, ct) is not { } bytes)
            {
                report.Bad("bundle", $"{tile.Path} is missing.");
                return;
            }
            foreach (var entry in EntryBundle.Decode(bytes, tile.Width))
            {
                tree.Append(MerkleTree.LeafHash(entry.Span));
                if (OfTender(entry, tender) is not { } id) continue;
                found++;
                if (faces.TryGetValue(id, out var face) && System.Text.Encoding.UTF8.GetBytes(face).AsSpan().SequenceEqual(entry.Span)) continue;
                missing++;
                report.Bad("dossier.missing", $"The log has event {id} of this tender (entry {tree.Size - 1}), and the dossier has not.");
            }
            progress.At(tree.Size, checkpoint.Size);
        }
        if (report.Require(tree.Root().AsSpan().SequenceEqual(checkpoint.Root), "dossier.log", "The log that was given is not the one of the dossier's checkpoint.") && missing == 0)
            report.Good("dossier.missing", $"All {found} public events that the log has of this tender are in the dossier.");
    }

    private static Guid? OfTender(ReadOnlyMemory<byte> entry, Guid tender)
    {
        if (EntryForm.Of(entry.Span) is not { Kind: EntryKind.Event } form) return null;
        using var json = JsonDocument.Parse(entry);
        return json.RootElement.TryGetProperty("tender", out var of) && of.ValueKind == JsonValueKind.String && of.TryGetGuid(out var id) && id == tender ? form.Id : null;
    }
}
