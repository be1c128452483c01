namespace Tendering.Contracts.Escrow;

/// <summary>A letter comes to its end (or has come to it: <paramref name="HasExpired"/>) while the bid that it secures still binds.</summary>
[Event("escrow.guarantee-letter-expiry-warned", SecretUntil = Disclosure.Opening)]
public sealed record GuaranteeLetterExpiryWarned(Guid TenderId, Guid LotId, Guid BidderId, Guid LetterId, DateOnly ValidThrough, bool HasExpired, DateTimeOffset FoundAt) : ITenderEvent;
