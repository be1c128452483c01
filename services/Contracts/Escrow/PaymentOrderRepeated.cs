namespace Tendering.Contracts.Escrow;

/// <summary>Finance sent a payment order out once more, since the bank says by this document that it did not execute it. Tender, lot and bidder where it concerns one. Amount in minor units.</summary>
[Event("escrow.payment-order-repeated", SecretUntil = Disclosure.Never)]
public sealed record PaymentOrderRepeated(
    Guid OrderId, string EndToEndId, string Reason, long Amount, string Currency, string DocumentNumber, Guid? TenderId, Guid? LotId, Guid? BidderId, DateTimeOffset RepeatedAt) : IMaybeTenderEvent;
