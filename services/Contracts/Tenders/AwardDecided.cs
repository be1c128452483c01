namespace Tendering.Contracts.Tenders;

[Event("tenders.award-decided")]
public sealed record AwardDecided(Guid TenderId, Guid LotId, Candidate Winner, string Reason, DateTimeOffset DecidedAt) : ITenderEvent;
