namespace Tendering.Contracts.Escrow;

/// <summary>Finance stopped the refund runs of a tender, and why.</summary>
[Event("escrow.refunds-paused")]
public sealed record RefundsPaused(Guid TenderId, string Reason, DateTimeOffset PausedAt) : ITenderEvent;
