using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>The verifiable draw: frozen pool, commitments, a VRF output that nobody can choose, reveals, and a sequence that anybody can repeat.</summary>
public static class ExpertDraw
{
    public const int RevealLength = 32;
    public const int RevealsMin = 2;
    public const int PoolMax = 100_000;

    /// <summary>SHA-256 of the pool as a canonical JSON array of <see cref="PoolEntry"/>, numbered 1, 2, 3 … in this order.</summary>
    public static string PoolHash(IReadOnlyList<PoolEntry> pool)
    {
        if (pool.Where((entry, i) => entry.Number != i + 1 || !HexText.IsSha256(entry.Commitment)).Any())
        {
            throw new ArgumentException("The pool is not numbered 1, 2, 3 … with a commitment each.", nameof(pool));
        }

        return HexText.Sha256(CanonicalJson.Serialize(pool));
    }

    /// <summary>What a party logs before it reveals: SHA-256 of its 32 random bytes, in hexadecimal.</summary>
    public static string Commitment(ReadOnlySpan<byte> reveal)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(reveal.Length, RevealLength);
        return HexText.Sha256(reveal);
    }

    /// <summary>The VRF's input: canonical JSON of checkpoint (root in hexadecimal), context (<c>tendering/v1/draw</c>), pool (hash), purpose, round and tender.</summary>
    public static byte[] Alpha(string poolHash, Guid tender, string purpose, int round, ReadOnlySpan<byte> checkpointRoot)
        => CanonicalJson.Serialize(new AlphaText("tendering/v1/draw", poolHash, tender, purpose, round, HexText.Encode(checkpointRoot)));

    /// <summary>SHA-256 of the VRF's output and the reveals that came, in the parties' order; fewer than two reveals make the round void and are refused.</summary>
    public static byte[] Seed(ReadOnlySpan<byte> vrfOutput, IReadOnlyList<byte[]> reveals)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vrfOutput.Length, Ecvrf.OutputLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(reveals.Count, RevealsMin);
        if (reveals.Any(reveal => reveal.Length != RevealLength))
        {
            throw new ArgumentException($"A reveal has {RevealLength} bytes.", nameof(reveals));
        }

        return SHA256.HashData([.. vrfOutput, .. reveals.SelectMany(reveal => reveal)]);
    }

    /// <summary>
    /// The whole pool in drawn order. The pool is the list 1, 2, … n. For i = 0, 1, 2, …: v = HMAC-SHA-256(key: seed, message: i as 4 bytes big-endian)
    /// as a big-endian number of 256 bits; r = how many remain; if v ≥ 2^256 - (2^256 mod r), i is spent and chooses nobody; otherwise the one at
    /// place v mod r of the list, counted from 0, is chosen and leaves, and those behind move up.
    /// </summary>
    public static IEnumerable<Selection> Sequence(byte[] seed, int poolSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(poolSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(poolSize, PoolMax);
        return Sequence(index => HMACSHA256.HashData(seed, BigEndian(index)), poolSize);
    }

    /// <summary>Repeats a draw from its record, and from its pool where that is known; no findings means that everything holds.</summary>
    public static IReadOnlyList<DrawFinding> Verify(DrawRecord record, IReadOnlyList<PoolEntry>? pool = null) => new DrawCheck(record, pool).Run();

    internal static IEnumerable<Selection> Sequence(Func<int, byte[]> hash, int poolSize)
    {
        var pool = Enumerable.Range(1, poolSize).ToList();
        for (var index = 0; pool.Count > 0; index++)
        {
            if (Place(hash(index), pool.Count) is { } place)
            {
                yield return new Selection(index, pool[place]);
                pool.RemoveAt(place);
            }
        }
    }

    // Without the rejection the first 2^256 mod r places would be a shade likelier than the others.
    private static int? Place(byte[] hash, int remaining)
    {
        var space = BigInteger.One << (8 * hash.Length);
        var value = new BigInteger(hash, isUnsigned: true, isBigEndian: true);
        return value < space - (space % remaining) ? (int)(value % remaining) : null;
    }

    private static byte[] BigEndian(int index)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, index);
        return bytes;
    }

    private sealed record AlphaText(string Context, string Pool, Guid Tender, string Purpose, int Round, string Checkpoint);
}
