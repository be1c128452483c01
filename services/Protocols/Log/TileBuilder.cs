using System.Numerics;

namespace Tendering.Protocols;

/// <summary>Grows a log leaf by leaf and yields the tiles of hashes that changed; keeps only the tree's right edge (at most 256 hashes a level). For one thread.</summary>
public sealed class TileBuilder
{
    private readonly List<List<byte[]>> edge = [[]];
    private readonly List<KeyValuePair<TileId, byte[]>> full = [];
    private long taken;

    public long Size { get; private set; }

    /// <summary>Goes on where a log stands; <paramref name="read"/> gives the bytes of the last, partial tile of each level.</summary>
    public static TileBuilder Resume(long size, Func<TileId, byte[]> read)
    {
        var builder = new TileBuilder { Size = size, taken = size };
        foreach (var tile in EdgeOf(size))
        {
            while (builder.edge.Count <= tile.Level)
            {
                builder.edge.Add([]);
            }

            builder.edge[tile.Level].AddRange(TileHashes.Split(read(tile), tile));
        }

        return builder;
    }

    /// <summary>The partial tiles that <see cref="Resume"/> reads for this size.</summary>
    public static IReadOnlyList<TileId> EdgeOf(long size)
    {
        var tiles = new List<TileId>();
        for (var level = 0; TileId.CountAt(level, size) is > 0 and var count; level++)
        {
            if (count % TileId.WidthMax != 0)
            {
                tiles.Add(TileId.Holding(level, count - 1, size));
            }
        }

        return tiles;
    }

    public void Append(byte[] leafHash)
    {
        Size++;
        var hash = leafHash;
        for (var level = 0; ; level++)
        {
            if (level == edge.Count)
            {
                edge.Add([]);
            }

            edge[level].Add(hash);
            if (edge[level].Count < TileId.WidthMax)
            {
                return;
            }

            var index = (TileId.CountAt(level, Size) / TileId.WidthMax) - 1;
            full.Add(new(new TileId(level, index, TileId.WidthMax), TileHashes.Join(edge[level])));
            hash = TileHashes.Root(edge[level], 0, TileId.WidthMax);
            edge[level].Clear();
        }
    }

    /// <summary>The root of all leaves so far.</summary>
    public byte[] Root()
    {
        byte[]? root = null;
        foreach (var hashes in edge)
        {
            // Complete subtrees of falling size from left to right, joined from the right; lower levels lie right of higher ones.
            var end = hashes.Count;
            while (end > 0)
            {
                var width = 1 << BitOperations.TrailingZeroCount(end);
                var peak = TileHashes.Root(hashes, end - width, width);
                root = root is null ? peak : MerkleTree.NodeHash(peak, root);
                end -= width;
            }
        }

        return root ?? MerkleTree.EmptyRoot;
    }

    /// <summary>The last, partial tile of each level that has one.</summary>
    public IEnumerable<KeyValuePair<TileId, byte[]>> EdgeTiles() => EdgeOf(Size).Select(tile => KeyValuePair.Create(tile, TileHashes.Join(edge[tile.Level])));

    /// <summary>The tiles that became full since they were last taken, and the partial ones that grew.</summary>
    public IReadOnlyList<KeyValuePair<TileId, byte[]>> TakeTiles()
    {
        var partial = EdgeTiles().Where(tile => TileId.CountAt(tile.Key.Level, taken) < TileId.CountAt(tile.Key.Level, Size));
        KeyValuePair<TileId, byte[]>[] tiles = [.. full, .. partial];
        full.Clear();
        taken = Size;
        return tiles;
    }
}
