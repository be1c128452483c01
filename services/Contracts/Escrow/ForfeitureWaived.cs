namespace Tendering.Contracts.Escrow;

/// <summary>By a decision a security that might have been kept is not: it goes back like the others.</summary>
[Event("escrow.forfeiture-waived")]
public sealed record ForfeitureWaived(
    Guid TenderId, Guid LotId, Guid BidderId, string DecisionNumber, string DecisionHash, string Rule, string Article, DateTimeOffset WaivedAt) : ITenderEvent;
