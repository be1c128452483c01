namespace Tendering.Contracts.Escrow;

/// <summary>The bank confirmed the interest that a refund bore since it came too late.</summary>
[Event("escrow.late-interest-paid", SecretUntil = Disclosure.Opening)]
public sealed record LateInterestPaid(Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string Rule, string Article, string BankReference, DateTimeOffset PaidAt) : ITenderEvent;
