namespace Tendering.Contracts.Escrow;

/// <summary>The bank brought a refund back that it had paid: it is owed again until a further DepositRefunded tells that it was paid anew.</summary>
[Event("escrow.refund-returned", SecretUntil = Disclosure.Opening)]
public sealed record RefundReturned(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string BankReference, DateTimeOffset ReturnedAt) : ITenderEvent;
