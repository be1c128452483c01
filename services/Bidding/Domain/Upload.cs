using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Domain;

/// <summary>A ciphertext on its way (tus 1.0): it grows at its end only, and each block of 4 MiB is hashed as it is stored.</summary>
public sealed class Upload
{
    public const int BlockMax = BlockDigest.BlockLength;
    public const int UploadsMax = 100;

    /// <summary>An upload that does not go on for this long is given up; one that is complete waits for the closing and this long after it.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromHours(24), KeptAfterClosing = TimeSpan.FromHours(1);

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string Part { get; init; }
    public required long Length { get; init; }
    public long Received { get; private set; }

    /// <summary>The <see cref="BlockDigest"/> of the whole, once it is complete.</summary>
    public string? Digest { get; private set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Taken back by its bidder, or given up: nobody finds it any more. Its bytes go when no submission that found it before can still be under way.</summary>
    public DateTimeOffset? RemovedAt { get; private set; }

    public DateTimeOffset? NextDueAt { get; private set; }

    public string StorageKey => KeyOf(Id);
    public bool IsComplete => Received == Length;

    public static string KeyOf(Guid id) => $"bids/{id}";

    /// <summary>Bytes of ciphertext that a part has at most; null for what is no part.</summary>
    public static long? LengthMax(string part) => SealedPart.All.Contains(part) ? StreamCipher.CiphertextLength(SealedPart.LengthMax(part)) : null;

    public static Upload Begin(Guid lot, Guid bidder, string part, long length, DateTimeOffset now) =>
        new() { LotId = lot, BidderId = bidder, Part = part, Length = length, CreatedAt = now, NextDueAt = now + IdleMax };

    /// <summary>When to look again whether it is still wanted: an unfinished one after its last byte, a complete one after the deadline.</summary>
    public static DateTimeOffset DueAt(bool complete, DateTimeOffset now, DateTimeOffset deadline) => complete ? deadline + KeptAfterClosing : now + IdleMax;

    public void Remove(DateTimeOffset now)
    {
        Rule.Require(RemovedAt is null, "illegal-move", "The upload was removed before.");
        (RemovedAt, NextDueAt) = (now, now);
    }

    /// <summary>What is due of one that is there: it is kept where a bid names it or it is still wanted; else it is given up.</summary>
    /// <param name="outageUntil">The end of the last outage; no time of it counts as idle.</param>
    public void Due(bool isNamed, Lot lot, DateTimeOffset? outageUntil, DateTimeOffset now)
    {
        var wantedUntil = IsComplete ? CompleteUntil(lot, now) : UnfinishedUntil(lot, outageUntil, now);
        if (isNamed) NextDueAt = null;
        else if (now < wantedUntil) NextDueAt = wantedUntil;
        else Remove(now);
    }

    /// <summary>What is due of one that was removed; true when its bytes are to be deleted. A bid that named it in the same moment keeps it.</summary>
    /// <param name="isAlone">No submission that found it before it was removed is still under way.</param>
    public bool RemovedDue(bool isAlone, bool isNamed, DateTimeOffset now)
    {
        if (isNamed) (RemovedAt, NextDueAt) = (null, null);
        else NextDueAt = isAlone ? null : now + LookAgainAfter;
        return isAlone && !isNamed;
    }

    // While the lot is open, be it only because an extension is being decided on, a bid may still name what is complete.
    private static DateTimeOffset CompleteUntil(Lot lot, DateTimeOffset now) => (lot.ClosedAt ?? (now > lot.BidDeadline ? now : lot.BidDeadline)) + KeptAfterClosing;

    // Idle is who could go on and does not: not while nothing is taken, and anew from the end of an outage or the moment at which the deadline was moved.
    private DateTimeOffset UnfinishedUntil(Lot lot, DateTimeOffset? outageUntil, DateTimeOffset now)
    {
        if (lot.Stage == LotStage.Open && !lot.TakesBids(now)) return now + KeptAfterClosing;
        DateTimeOffset?[] since = [NextDueAt - IdleMax, outageUntil, lot.MovedAt];
        return since.Max()!.Value + IdleMax;
    }
}

/// <summary>SHA-256 of one block.</summary>
public sealed class UploadBlock
{
    public required Guid UploadId { get; init; }
    public required int Number { get; init; }
    public required byte[] Sha256 { get; init; }
}
