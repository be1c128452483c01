namespace Tendering.Contracts.Escrow;

/// <summary>The bid deposit a lot asks for is held. Amount in minor units.</summary>
[Event("escrow.deposit-secured", SecretUntil = Disclosure.Opening)]
public sealed record DepositSecured(Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, DateTimeOffset SecuredAt) : ITenderEvent;
