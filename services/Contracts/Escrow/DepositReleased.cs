namespace Tendering.Contracts.Escrow;

/// <summary>The hold on a deposit ended; the money is to be refunded by <paramref name="RefundDueBy"/>.</summary>
[Event("escrow.deposit-released", SecretUntil = Disclosure.Opening)]
public sealed record DepositReleased(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string Reason, string Rule, string Article, DateTimeOffset RefundDueBy,
    DateTimeOffset ReleasedAt) : ITenderEvent;
