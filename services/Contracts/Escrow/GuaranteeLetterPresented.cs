namespace Tendering.Contracts.Escrow;

/// <summary>A bidder presented a letter in the deposit's place; it secures nothing until it is verified.</summary>
[Event("escrow.guarantee-letter-presented", SecretUntil = Disclosure.Opening)]
public sealed record GuaranteeLetterPresented(
    Guid TenderId, Guid LotId, Guid BidderId, Guid LetterId, string Kind, string IssuerCode, string Number, long Amount, string Currency, DateOnly ValidThrough, string DocumentHash,
    DateTimeOffset PresentedAt) : ITenderEvent;
