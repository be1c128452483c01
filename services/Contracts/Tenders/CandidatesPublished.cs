namespace Tendering.Contracts.Tenders;

/// <summary>The ranked candidates stand in public until <paramref name="PublicityEndsAt"/>.</summary>
[Event("tenders.candidates-published")]
public sealed record CandidatesPublished(
    Guid TenderId, Guid LotId, Candidate[] Candidates, string ReportHash, DateTimeOffset PublishedAt, DateTimeOffset PublicityEndsAt) : ITenderEvent;
