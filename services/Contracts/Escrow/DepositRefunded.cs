namespace Tendering.Contracts.Escrow;

/// <summary>The bank confirmed that the deposit is back on the bidder's basic account. Amount without the interest that was paid with it.</summary>
[Event("escrow.deposit-refunded", SecretUntil = Disclosure.Opening)]
public sealed record DepositRefunded(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string BankReference, DateTimeOffset RefundedAt,
    long? Interest = null) : ITenderEvent;
