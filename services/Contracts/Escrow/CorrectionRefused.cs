namespace Tendering.Contracts.Escrow;

/// <summary>Finance refused a correction, or took its own request back: nothing has moved. Told once for each tender that it touches.</summary>
[Event("escrow.correction-refused", SecretUntil = Disclosure.Never)]
public sealed record CorrectionRefused(
    Guid TenderId, Guid CorrectionId, Guid DebitLotId, Guid DebitBidderId, Guid CreditLotId, Guid CreditBidderId, long Amount, string Currency, string DocumentNumber, Guid AskedBy,
    DateTimeOffset RefusedAt) : ITenderEvent;
