namespace Tendering.Contracts.Escrow;

/// <summary>A deposit, or a part of it, went to the treasury by a decision (不予退还).</summary>
[Event("escrow.deposit-forfeited")]
public sealed record DepositForfeited(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string DecisionNumber, string DecisionHash, string Rule, string Article,
    DateTimeOffset ForfeitedAt) : ITenderEvent;
