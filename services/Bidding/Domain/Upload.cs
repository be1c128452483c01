using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Domain;

/// <summary>A ciphertext on its way: blocks of exactly 4 MiB, the last one shorter, each hashed as it arrives.</summary>
public sealed class Upload
{
    public const int BlockMax = BlockDigest.BlockLength;
    public const int UploadsMax = 100;

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string Part { get; init; }
    public required long Length { get; init; }
    public long Received { get; private set; }

    /// <summary>The <see cref="BlockDigest"/> of the whole, once it is complete.</summary>
    public string? Digest { get; private set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string StorageKey => KeyOf(Id);
    public int NextBlock => (int)(Received / BlockMax);

    /// <summary>Bytes that the next block must have.</summary>
    public int NextLength => (int)Math.Min(BlockMax, Length - Received);

    public static string KeyOf(Guid id) => $"bids/{id}";

    public static Upload Begin(Guid lot, Guid bidder, string part, long length, DateTimeOffset now)
    {
        var max = StreamCipher.CiphertextLength(SealedPart.LengthMax(part));
        Rule.Require(length <= max, "content-too-long", $"The part {part} has at most {max} bytes of ciphertext.");
        return new Upload { LotId = lot, BidderId = bidder, Part = part, Length = length, CreatedAt = now };
    }

    /// <summary>Takes in a block that was stored; <paramref name="hashes"/> are those of all blocks, this one included.</summary>
    public void Append(int length, IReadOnlyList<byte[]> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, NextLength);
        Received += length;
        if (Received == Length) Digest = BlockDigest.OfBlockHashes(hashes);
    }
}

/// <summary>SHA-256 of one block.</summary>
public sealed class UploadBlock
{
    public required Guid UploadId { get; init; }
    public required int Number { get; init; }
    public required byte[] Sha256 { get; init; }
}
