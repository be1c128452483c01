namespace Tendering.Contracts.Escrow;

/// <summary>Another person of finance approved a correction: the money has moved. Told once for each tender that it touches.</summary>
[Event("escrow.correction-approved", SecretUntil = Disclosure.Never)]
public sealed record CorrectionApproved(
    Guid TenderId, Guid CorrectionId, Guid DebitLotId, Guid DebitBidderId, Guid CreditLotId, Guid CreditBidderId, long Amount, string Currency, string DocumentNumber, Guid AskedBy,
    DateTimeOffset ApprovedAt) : ITenderEvent;
