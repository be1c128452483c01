using System.Runtime.CompilerServices;
using Tendering.Protocols;

namespace Tendering.Verify.Log;

/// <summary>A bundle of entries as it was read, with their leaf hashes and the tile of hashes that lies beside it; or what is wrong with it.</summary>
internal sealed record Bundle(TileId Tile, byte[][] Hashes, EntryForm[] Entries, byte[]? HashTile, string? Fault)
{
    /// <summary>All bundles of a range of entries. Files are read and hashed ahead, and come in order.</summary>
    public static async IAsyncEnumerable<Bundle> ReadAsync(LogSource source, long from, long size, [EnumeratorCancellation] CancellationToken ct)
    {
        var ahead = new Queue<Task<Bundle>>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            foreach (var tile in TileId.Between(from, size, entries: true))
            {
                ahead.Enqueue(Task.Run(() => ReadAsync(source, tile, stop.Token), stop.Token));
                if (ahead.Count >= source.AtOnce) yield return await ahead.Dequeue();
            }
            while (ahead.TryDequeue(out var next)) yield return await next;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(ahead)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<Bundle> ReadAsync(LogSource source, TileId tile, CancellationToken ct)
    {
        if (await source.ReadAsync(tile, ct) is not { } bytes) return new Bundle(tile, [], [], null, $"{tile.Path} is missing.");
        try
        {
            var entries = EntryBundle.Decode(bytes, tile.Width);
            return new Bundle(tile, [.. entries.Select(entry => MerkleTree.LeafHash(entry.Span))], [.. entries.Select(entry => EntryForm.Of(entry.Span))], await source.ReadAsync(tile with { Level = 0 }, ct), null);
        }
        catch (LogFormatException e) { return new Bundle(tile, [], [], null, $"{tile.Path}: {e.Message}"); }
    }
}
