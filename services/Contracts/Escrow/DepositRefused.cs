namespace Tendering.Contracts.Escrow;

/// <summary>A payment could not be taken as deposit and goes back to its sender.</summary>
[Event("escrow.deposit-refused", SecretUntil = Disclosure.Never)]
public sealed record DepositRefused(
    Guid TenderId, Guid LotId, Guid BidderId, long Amount, string Currency, string Code, string Reason, string Rule, string Article, DateTimeOffset RefusedAt) : ITenderEvent;
