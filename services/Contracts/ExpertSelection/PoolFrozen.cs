namespace Tendering.Contracts.ExpertSelection;

/// <summary>The pool for a draw is fixed: a canonical numbered list known by its hash.</summary>
[Event("expert-selection.pool-frozen")]
public sealed record PoolFrozen(
    Guid TenderId, Guid LotId, Guid DrawId, int Round, string PoolHash, int PoolSize, int Asked, DateTimeOffset FrozenAt) : ITenderEvent;
