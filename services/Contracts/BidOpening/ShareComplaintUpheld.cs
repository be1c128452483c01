namespace Tendering.Contracts.BidOpening;

/// <summary>A custodian has proven that what the bidder sealed to it is not the share whose hash the manifest names. With point and proof (hex; null where the sealed share names no point) anybody judges it again.</summary>
[Event("bid-opening.share-complaint-upheld")]
public sealed record ShareComplaintUpheld(
    Guid TenderId, Guid LotId, Guid BidId, string Part, int CustodianIndex, Guid CustodianId, string? SharedPoint, string? Proof, DateTimeOffset UpheldAt) : ITenderEvent;
