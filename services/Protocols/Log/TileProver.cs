namespace Tendering.Protocols;

/// <summary>Where tiles of hashes lie: a database, a folder, a server.</summary>
public interface ITileReader
{
    /// <summary>The bytes of each of these tiles. A reader that has only a wider version of a partial tile gives its first hashes.</summary>
    Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct);
}

/// <summary>Makes roots and proofs from tiles, reading only the few that a proof needs, all at once.</summary>
public sealed class TileProver(ITileReader reader)
{
    private const int Bits = 8;

    /// <summary>The root of the first <paramref name="size"/> entries.</summary>
    public Task<byte[]> RootAsync(long size, CancellationToken ct) => WithTilesAsync(size, subtree => MerkleTree.Root(size, subtree), ct);

    /// <summary>The proof that entry <paramref name="index"/> is among the first <paramref name="size"/>.</summary>
    public Task<IReadOnlyList<byte[]>> InclusionAsync(long index, long size, CancellationToken ct)
        => WithTilesAsync(size, subtree => MerkleTree.InclusionProof(index, size, subtree), ct);

    /// <summary>The proof that the first <paramref name="oldSize"/> entries are a prefix of the first <paramref name="newSize"/>.</summary>
    public Task<IReadOnlyList<byte[]>> ConsistencyAsync(long oldSize, long newSize, CancellationToken ct)
        => WithTilesAsync(newSize, subtree => MerkleTree.ConsistencyProof(oldSize, newSize, subtree), ct);

    /// <summary>The tile that holds a complete subtree's hash or, where the subtree ends inside a tile, the hashes that it is made of.</summary>
    public static TileId TileOf(int level, long index, long size) => TileId.Holding(level / Bits, index << (level % Bits), size);

    // The same walk twice: once to learn which tiles it asks for, once with them in hand.
    private async Task<T> WithTilesAsync<T>(long size, Func<SubtreeHash, T> walk, CancellationToken ct)
    {
        var needed = new HashSet<TileId>();
        walk((level, index) =>
        {
            needed.Add(TileOf(level, index, size));
            return new byte[MerkleTree.HashLength];
        });
        var tiles = needed.Count == 0 ? new Dictionary<TileId, byte[]>() : await reader.ReadAsync(needed, ct).ConfigureAwait(false);
        var hashes = needed.ToDictionary(tile => tile, tile => tiles.TryGetValue(tile, out var bytes)
            ? TileHashes.Split(bytes, tile)
            : throw new LogFormatException("tile.missing", $"{tile} is missing."));
        return walk((level, index) =>
        {
            var width = 1 << (level % Bits);
            return TileHashes.Root(hashes[TileOf(level, index, size)], (int)((index << (level % Bits)) % TileId.WidthMax), width);
        });
    }
}
