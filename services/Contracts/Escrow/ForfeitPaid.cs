namespace Tendering.Contracts.Escrow;

/// <summary>The bank confirmed that what was kept of a deposit, or came in by a claim on a letter, is on the treasury's account.</summary>
[Event("escrow.forfeit-paid")]
public sealed record ForfeitPaid(Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string DecisionNumber, string BankReference, DateTimeOffset PaidAt) : ITenderEvent;
