namespace Tendering.Contracts.BidOpening;

/// <summary>The agency answers an objection on the spot.</summary>
[Event("bid-opening.objection-at-opening-answered")]
public sealed record ObjectionAtOpeningAnswered(Guid TenderId, Guid LotId, Guid ObjectionId, Guid BidderId, string Answer, DateTimeOffset AnsweredAt) : ITenderEvent;
