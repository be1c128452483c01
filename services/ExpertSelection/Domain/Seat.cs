namespace Tendering.ExpertSelection.Domain;

public enum SeatStage { Invited, Accepted, Declined, Unreachable }

/// <summary>One step of the drawn sequence as it was walked: who was invited and what became of it. Says who only by the expert's id.</summary>
public sealed class Seat
{
    public Guid DrawId { get; private init; }

    /// <summary>From 1, in the order of the sequence.</summary>
    public required int Position { get; init; }

    /// <summary>The HMAC's index that chose (see the protocol).</summary>
    public required int Index { get; init; }

    public required int PoolNumber { get; init; }
    public required Guid ExpertId { get; init; }
    public required DateTimeOffset InvitedAt { get; init; }
    public required DateTimeOffset AnswerBy { get; init; }
    public SeatStage Stage { get; private set; } = SeatStage.Invited;
    public string? Reason { get; private set; }
    public string? SigningKey { get; private set; }
    public DateTimeOffset? AnsweredAt { get; private set; }

    /// <summary>Who gave the seat up is passed over in the draw's record.</summary>
    public bool IsGivenUp => Stage is SeatStage.Declined or SeatStage.Unreachable;

    internal void Accept(string signingKey, DateTimeOffset now) => (Stage, SigningKey, AnsweredAt) = (SeatStage.Accepted, signingKey, now);

    internal void GiveUp(SeatStage stage, string reason, DateTimeOffset now) => (Stage, Reason, AnsweredAt) = (stage, reason, now);
}
