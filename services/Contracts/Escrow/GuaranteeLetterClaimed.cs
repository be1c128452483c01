namespace Tendering.Contracts.Escrow;

/// <summary>By a decision the issuer is asked to pay a letter, or a part of it, to the claim's account.</summary>
[Event("escrow.guarantee-letter-claimed")]
public sealed record GuaranteeLetterClaimed(
    Guid TenderId, Guid LotId, Guid BidderId, Guid LetterId, long Amount, string Currency, string DecisionNumber, string DecisionHash, string Rule, string Article,
    DateTimeOffset ClaimedAt) : ITenderEvent;
