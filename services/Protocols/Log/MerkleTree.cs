using System.Numerics;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>The hash of the complete subtree of 2^<paramref name="level"/> leaves that starts at leaf <paramref name="index"/>·2^<paramref name="level"/>, as a log's tiles hold them.</summary>
public delegate byte[] SubtreeHash(int level, long index);

/// <summary>The Merkle tree of RFC 6962 and RFC 9162 with SHA-256: roots, inclusion and consistency proofs, made and checked.</summary>
public static class MerkleTree
{
    public const int HashLength = 32;

    /// <summary>The root of a log without entries.</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    public static byte[] LeafHash(ReadOnlySpan<byte> entry) => SHA256.HashData([0x00, .. entry]);

    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => SHA256.HashData([0x01, .. left, .. right]);

    public static byte[] Root(IReadOnlyList<byte[]> leafHashes) => Root(leafHashes.Count, Subtrees(leafHashes));

    /// <summary>The root of the first <paramref name="size"/> leaves.</summary>
    public static byte[] Root(long size, SubtreeHash subtree) => size == 0 ? EmptyRoot : Range(0, size, subtree);

    public static IReadOnlyList<byte[]> InclusionProof(long index, IReadOnlyList<byte[]> leafHashes) => InclusionProof(index, leafHashes.Count, Subtrees(leafHashes));

    /// <summary>The proof that leaf <paramref name="index"/> is among the first <paramref name="size"/>, from the leaf upwards.</summary>
    public static IReadOnlyList<byte[]> InclusionProof(long index, long size, SubtreeHash subtree)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<byte[]>();
        long start = 0, end = size;
        while (end - start > 1)
        {
            var middle = start + LeftSize(end - start);
            proof.Insert(0, index < middle ? Range(middle, end, subtree) : Range(start, middle, subtree));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }

        return proof;
    }

    public static IReadOnlyList<byte[]> ConsistencyProof(long oldSize, IReadOnlyList<byte[]> leafHashes) => ConsistencyProof(oldSize, leafHashes.Count, Subtrees(leafHashes));

    /// <summary>The proof that the first <paramref name="oldSize"/> leaves are a prefix of the first <paramref name="newSize"/>; empty from size 0 and to the same size.</summary>
    public static IReadOnlyList<byte[]> ConsistencyProof(long oldSize, long newSize, SubtreeHash subtree)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        if (oldSize == 0 || oldSize == newSize)
        {
            return [];
        }

        var proof = new List<byte[]>();
        long start = 0, end = newSize;
        while (end != oldSize)
        {
            var middle = start + LeftSize(end - start);
            proof.Insert(0, oldSize <= middle ? Range(middle, end, subtree) : Range(start, middle, subtree));
            (start, end) = oldSize <= middle ? (start, middle) : (middle, end);
        }

        // Only where the old tree is no complete subtree of the new one does the verifier lack its last part.
        return start == 0 ? proof : [Range(start, end, subtree), .. proof];
    }

    /// <summary>Is the leaf at this index of the tree with this size and root? (RFC 9162 section 2.1.3.2)</summary>
    public static bool VerifyInclusion(long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || leafHash.Length != HashLength || !AreHashes(proof))
        {
            return false;
        }

        var (at, last) = (index, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((at & 1) == 1 || at == last)
            {
                hash = NodeHash(sibling, hash);
                while ((at & 1) == 0 && at != 0)
                {
                    (at, last) = (at >> 1, last >> 1);
                }
            }
            else
            {
                hash = NodeHash(hash, sibling);
            }

            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Is the old tree a prefix of the new one? (RFC 9162 section 2.1.4.2) An old size of 0 proves nothing and is refused.</summary>
    public static bool VerifyConsistency(long oldSize, long newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
    {
        if (oldSize <= 0 || oldSize > newSize || !AreHashes(proof))
        {
            return false;
        }

        if (oldSize == newSize)
        {
            return proof.Count == 0 && !oldRoot.IsEmpty && oldRoot.SequenceEqual(newRoot);
        }

        if (oldRoot.Length != HashLength)
        {
            return false;
        }

        IReadOnlyList<byte[]> path = BitOperations.IsPow2(oldSize) ? [oldRoot.ToArray(), .. proof] : proof;
        return path.Count > 0 && Climb(oldSize, newSize, path) is var (oldHash, newHash) && oldRoot.SequenceEqual(oldHash) && newRoot.SequenceEqual(newHash);
    }

    /// <summary>As a witness checks it (C2SP tlog-witness): like <see cref="VerifyConsistency"/>, but any tree follows the empty one with an empty proof.</summary>
    public static bool VerifyGrowth(long oldSize, long newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
        => oldSize == 0
            ? newSize >= 0 && proof.Count == 0 && oldRoot.SequenceEqual(EmptyRoot) && newRoot.Length == HashLength && (newSize > 0 || newRoot.SequenceEqual(EmptyRoot))
            : VerifyConsistency(oldSize, newSize, oldRoot, newRoot, proof);

    private static (byte[] Old, byte[] New)? Climb(long oldSize, long newSize, IReadOnlyList<byte[]> path)
    {
        var (at, last) = (oldSize - 1, newSize - 1);
        while ((at & 1) == 1)
        {
            (at, last) = (at >> 1, last >> 1);
        }

        byte[] oldHash = path[0], newHash = path[0];
        foreach (var sibling in path.Skip(1))
        {
            if (last == 0)
            {
                return null;
            }

            if ((at & 1) == 1 || at == last)
            {
                (oldHash, newHash) = (NodeHash(sibling, oldHash), NodeHash(sibling, newHash));
                while ((at & 1) == 0 && at != 0)
                {
                    (at, last) = (at >> 1, last >> 1);
                }
            }
            else
            {
                newHash = NodeHash(newHash, sibling);
            }

            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 ? (oldHash, newHash) : null;
    }

    private static bool AreHashes(IReadOnlyList<byte[]> proof) => proof.All(hash => hash is { Length: HashLength });

    // The hash of the leaves from start to end, where start is where some left part of a tree ends: complete subtrees, joined from the right.
    private static byte[] Range(long start, long end, SubtreeHash subtree)
    {
        var size = end - start;
        if (BitOperations.IsPow2(size))
        {
            var level = BitOperations.Log2((ulong)size);
            return subtree(level, start >> level);
        }

        var middle = start + LeftSize(size);
        return NodeHash(Range(start, middle, subtree), Range(middle, end, subtree));
    }

    // The largest power of two below the size.
    private static long LeftSize(long size) => 1L << BitOperations.Log2((ulong)(size - 1));

    private static SubtreeHash Subtrees(IReadOnlyList<byte[]> leafHashes)
    {
        byte[] Subtree(int level, long index)
            => level == 0 ? leafHashes[(int)index] : NodeHash(Subtree(level - 1, 2 * index), Subtree(level - 1, (2 * index) + 1));
        return Subtree;
    }
}
