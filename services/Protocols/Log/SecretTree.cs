using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols;

/// <summary>What shows that a secret event was in the log before it was known: its face and salt, its place in the tree, and the path to the root that a log entry states (docs/formats/log-entries.md).</summary>
/// <param name="Leaf">The index of the entry that states the root.</param>
/// <param name="Path">32 siblings, from the item upwards.</param>
public sealed record SecretOpening(string Face, long Leaf, uint Position, IReadOnlyList<byte[]> Path, byte[] Salt)
{
    /// <summary>The root that this opening leads to.</summary>
    public byte[] Root() => SecretTree.Climb(Position, SecretTree.Item(Salt, Encoding.UTF8.GetBytes(Face)), Path);
}

/// <summary>
/// A tree of fixed depth over the secret events of one turn of the log. Places are random and empty subtrees have hashes that look like any other, so that
/// neither root nor path tells how many events there are; to show one event tells nothing of another.
/// </summary>
public sealed class SecretTree
{
    public const int Depth = 32, SaltLength = 32, SeedLength = 32;

    private readonly byte[] seed;
    private readonly (uint Position, byte[] Hash)[] items;
    private Dictionary<(int Height, uint At), byte[]>? known;

    /// <param name="seed">32 random bytes that only the log knows: whoever has them can tell empty subtrees from others.</param>
    public SecretTree(byte[] seed, IEnumerable<(uint Position, byte[] Hash)> items)
        => (this.seed, this.items) = (seed, [.. items.OrderBy(item => item.Position)]);

    public static byte[] Item(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> face)
        => salt.Length == SaltLength ? SHA256.HashData([0x00, .. salt, .. face]) : throw new ArgumentException("A salt has 32 bytes.", nameof(salt));

    /// <summary>The bytes of the log's entry that states this root.</summary>
    public static byte[] Entry(ReadOnlySpan<byte> root) => Encoding.ASCII.GetBytes($$"""{"kind":"secrets","root":"{{Convert.ToHexStringLower(root)}}"}""");

    /// <exception cref="ArgumentException">The path has not 32 hashes of 32 bytes.</exception>
    public static byte[] Climb(uint position, byte[] item, IReadOnlyList<byte[]> path)
    {
        if (path.Count != Depth || path.Any(hash => hash is not { Length: MerkleTree.HashLength }))
        {
            throw new ArgumentException("A path has 32 hashes of 32 bytes.", nameof(path));
        }

        var hash = item;
        for (var height = 0; height < Depth; height++)
        {
            hash = (position >> height & 1) == 0 ? MerkleTree.NodeHash(hash, path[height]) : MerkleTree.NodeHash(path[height], hash);
        }

        return hash;
    }

    /// <summary>The place for an event: random to all who do not know the seed, and not one of those taken.</summary>
    public static uint PlaceFor(byte[] seed, Guid id, IReadOnlySet<uint> taken)
    {
        for (byte attempt = 0; ; attempt++)
        {
            var place = BinaryPrimitives.ReadUInt32BigEndian(HMACSHA256.HashData(seed, (byte[])[.. "position"u8, .. id.ToByteArray(bigEndian: true), attempt]));
            if (!taken.Contains(place))
            {
                return place;
            }
        }
    }

    public byte[] Root() => Node(Depth, 0, items);

    public IReadOnlyList<byte[]> Path(uint position)
    {
        // Who asks for one path asks for more: what is above several items is hashed once.
        known ??= [];
        var path = new byte[Depth][];
        ReadOnlySpan<(uint Position, byte[] Hash)> below = items;
        for (var height = Depth - 1; height >= 0; height--)
        {
            var at = position >> height;
            var middle = FirstAtOrAbove(below, (at | 1) << height);
            path[height] = Node(height, at ^ 1, (at & 1) == 0 ? below[middle..] : below[..middle]);
            below = (at & 1) == 0 ? below[..middle] : below[middle..];
        }

        return path;
    }

    // The subtree of this height that is number `at` from the left.
    private byte[] Node(int height, uint at, ReadOnlySpan<(uint Position, byte[] Hash)> below)
    {
        if (below.IsEmpty)
        {
            Span<byte> name = stackalloc byte[SeedLength + 10];
            seed.CopyTo(name);
            "empty"u8.CopyTo(name[SeedLength..]);
            name[SeedLength + 5] = (byte)height;
            BinaryPrimitives.WriteUInt32BigEndian(name[(SeedLength + 6)..], at);
            return SHA256.HashData(name);
        }

        if (height == 0)
        {
            return below[0].Hash;
        }

        if (known?.TryGetValue((height, at), out var hash) == true)
        {
            return hash;
        }

        var middle = FirstAtOrAbove(below, ((at << 1) | 1) << (height - 1));
        hash = MerkleTree.NodeHash(Node(height - 1, at << 1, below[..middle]), Node(height - 1, (at << 1) | 1, below[middle..]));
        known?.Add((height, at), hash);
        return hash;
    }

    private static int FirstAtOrAbove(ReadOnlySpan<(uint Position, byte[] Hash)> sorted, uint position)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle].Position < position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
