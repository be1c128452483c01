namespace Tendering.Contracts.Escrow;

/// <summary>Finance asked to move money from one sub-account to another, by a document; until another person decides it is only held. Told once for each tender that it touches; of a side in another tender the account stands for lot and bidder.</summary>
[Event("escrow.correction-asked", SecretUntil = Disclosure.Never)]
public sealed record CorrectionAsked(
    Guid TenderId, Guid CorrectionId, Guid DebitLotId, Guid DebitBidderId, Guid CreditLotId, Guid CreditBidderId, long Amount, string Currency, string DocumentNumber, DateTimeOffset AskedAt) : ITenderEvent;
