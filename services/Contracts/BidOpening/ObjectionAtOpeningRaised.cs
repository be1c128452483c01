namespace Tendering.Contracts.BidOpening;

/// <summary>A bidder that is present objects on the spot (开标异议).</summary>
[Event("bid-opening.objection-at-opening-raised")]
public sealed record ObjectionAtOpeningRaised(Guid TenderId, Guid LotId, Guid ObjectionId, Guid BidderId, string BidderName, string Text, DateTimeOffset RaisedAt) : ITenderEvent;
