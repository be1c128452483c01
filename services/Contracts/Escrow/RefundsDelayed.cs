namespace Tendering.Contracts.Escrow;

/// <summary>Refunds of a lot are not back with their bidders although the time that the law gives is over.</summary>
[Event("escrow.refunds-delayed", SecretUntil = Disclosure.Opening)]
public sealed record RefundsDelayed(Guid TenderId, Guid LotId, int Deposits, long Amount, string Currency, DateTimeOffset DueBy, DateTimeOffset FoundAt) : ITenderEvent;
