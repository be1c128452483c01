namespace Tendering.Contracts.Tenders;

/// <summary>A lot's bid deadline is later now: for a clarification or change (<c>clarification</c>), or because bidding could not be reached (<c>outage</c>, by the proposal named).</summary>
[Event("tenders.deadline-moved")]
public sealed record DeadlineMoved(
    Guid TenderId, Guid LotId, DateTimeOffset From, DateTimeOffset To, DateTimeOffset OpeningAt, string Ground, string Reason, Guid? ProposalId, DateTimeOffset MovedAt) : ITenderEvent;
