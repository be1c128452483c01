namespace Tendering.Contracts.Escrow;

/// <summary>The refund runs of a tender go on.</summary>
[Event("escrow.refunds-resumed")]
public sealed record RefundsResumed(Guid TenderId, string Reason, DateTimeOffset ResumedAt) : ITenderEvent;
