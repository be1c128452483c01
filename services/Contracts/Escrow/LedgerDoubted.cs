namespace Tendering.Contracts.Escrow;

/// <summary>A check of the books found that what must always hold does not. The names of the invariants; no amounts, no accounts.</summary>
[Event("escrow.ledger-doubted", SecretUntil = Disclosure.Never)]
public sealed record LedgerDoubted(string[] Invariants, DateTimeOffset CheckedAt);
