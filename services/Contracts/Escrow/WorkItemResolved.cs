namespace Tendering.Contracts.Escrow;

/// <summary>
/// Finance decided on an entry of the bank, by a document. <paramref name="Code"/>: why it was on the work list; <paramref name="Resolution"/>: assign, send-back, interest, fee, confirm, offset or undo.
/// Tender, lot and bidder where it concerns one; the order that it confirmed or that follows, the other item that undoes it. Amount in minor units.
/// </summary>
[Event("escrow.work-item-resolved", SecretUntil = Disclosure.Never)]
public sealed record WorkItemResolved(
    Guid WorkItemId, string BankReference, string Code, string Resolution, bool IsCredit, long Amount, string Currency, string DocumentNumber, string? DocumentHash, Guid? TenderId, Guid? LotId, Guid? BidderId,
    Guid? OrderId, Guid? OtherItemId, DateTimeOffset ResolvedAt) : IMaybeTenderEvent;
