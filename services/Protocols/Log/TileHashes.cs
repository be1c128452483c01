namespace Tendering.Protocols;

/// <summary>A tile's bytes as hashes, and the roots of subtrees inside it.</summary>
public static class TileHashes
{
    /// <summary>The hashes of a tile; bytes of another length than its width asks for are refused with a <see cref="LogFormatException"/>.</summary>
    public static IReadOnlyList<byte[]> Split(byte[] bytes, TileId tile)
        => bytes.Length == tile.Width * MerkleTree.HashLength
            ? [.. Enumerable.Range(0, tile.Width).Select(i => bytes.AsSpan(i * MerkleTree.HashLength, MerkleTree.HashLength).ToArray())]
            : throw new LogFormatException("tile.length", $"{tile} has {bytes.Length} bytes and should have {tile.Width * MerkleTree.HashLength}.");

    public static byte[] Join(IReadOnlyList<byte[]> hashes)
    {
        var bytes = new byte[hashes.Count * MerkleTree.HashLength];
        for (var i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(bytes, i * MerkleTree.HashLength);
        }

        return bytes;
    }

    /// <summary>The root of <paramref name="count"/> hashes from <paramref name="start"/>; the count is a power of two.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> hashes, int start, int count)
        => count == 1 ? hashes[start] : MerkleTree.NodeHash(Root(hashes, start, count / 2), Root(hashes, start + (count / 2), count / 2));
}
