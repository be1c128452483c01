namespace Tendering.Contracts.BidOpening;

/// <summary>A custodian released its shares; each was checked against the hash in its bid's manifest.</summary>
[Event("bid-opening.shares-released")]
public sealed record SharesReleased(
    Guid TenderId, Guid LotId, int CustodianIndex, Guid CustodianId, int Good, int Wrong, DateTimeOffset ReleasedAt) : ITenderEvent;
