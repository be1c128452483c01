using System.Buffers.Binary;
using Tendering.Protocols;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Domain;

/// <summary>
/// One turn of the sequencer: the entries that these events become. Public events stand there with their faces, in their order; over all secret ones one entry
/// closes at the end, also when there are none, so that the log's length and rhythm tell nothing of them.
/// </summary>
public sealed class Turn
{
    public const int PlaceLength = 4 + MerkleTree.HashLength;

    private Turn(IReadOnlyList<byte[]> entries, IReadOnlyList<byte[]> leafHashes, int[] secret, byte[] places) => (Entries, LeafHashes, Secret, Places) = (entries, leafHashes, secret, places);

    public IReadOnlyList<byte[]> Entries { get; }
    public IReadOnlyList<byte[]> LeafHashes { get; }

    /// <summary>Which of the events are secret, counted from 0.</summary>
    public int[] Secret { get; }

    /// <summary>For each secret event its place (4 bytes, big-endian) and its item (32 bytes).</summary>
    public byte[] Places { get; }

    /// <param name="seed">32 random bytes; the same again give the same turn.</param>
    public static Turn Over(IReadOnlyList<RecordedEvent> events, byte[] seed)
    {
        var faces = new byte[events.Count + 1][];
        var hashes = new byte[events.Count + 1][];
        Parallel.For(0, events.Count, i =>
        {
            faces[i] = EventFace.Of(events[i], seed).Bytes;
            hashes[i] = events[i].SecretUntil is null ? MerkleTree.LeafHash(faces[i]) : SecretTree.Item(EventFace.FaceSalt(events[i], seed), faces[i]);
        });
        int[] secret = [.. Enumerable.Range(0, events.Count).Where(i => events[i].SecretUntil is not null)];
        var items = PlacesOf([.. secret.Select(i => (events[i].Id, hashes[i]))], seed);
        faces[^1] = SecretTree.Entry(new SecretTree(seed, items).Root());
        hashes[^1] = MerkleTree.LeafHash(faces[^1]);
        int[] leaves = [.. Enumerable.Range(0, events.Count).Where(i => events[i].SecretUntil is null), events.Count];
        return new Turn([.. leaves.Select(i => faces[i])], [.. leaves.Select(i => hashes[i])], secret, Pack(items));
    }

    public static IReadOnlyList<(uint Position, byte[] Hash)> Unpack(byte[] places) => [.. Enumerable.Range(0, places.Length / PlaceLength).Select(i =>
        (BinaryPrimitives.ReadUInt32BigEndian(places.AsSpan(i * PlaceLength)), places.AsSpan((i * PlaceLength) + 4, MerkleTree.HashLength).ToArray()))];

    private static List<(uint Position, byte[] Hash)> PlacesOf(IReadOnlyList<(Guid Id, byte[] Item)> secrets, byte[] seed)
    {
        var taken = new HashSet<uint>();
        var items = new List<(uint, byte[])>(secrets.Count);
        foreach (var (id, item) in secrets)
        {
            var place = SecretTree.PlaceFor(seed, id, taken);
            taken.Add(place);
            items.Add((place, item));
        }
        return items;
    }

    private static byte[] Pack(List<(uint Position, byte[] Hash)> items)
    {
        var packed = new byte[items.Count * PlaceLength];
        for (var i = 0; i < items.Count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(packed.AsSpan(i * PlaceLength), items[i].Position);
            items[i].Hash.CopyTo(packed, (i * PlaceLength) + 4);
        }
        return packed;
    }
}
