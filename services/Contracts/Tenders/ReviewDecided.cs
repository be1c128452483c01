namespace Tendering.Contracts.Tenders;

/// <summary>One of the two authorities decided. <paramref name="Step"/> 1 is the industry authority, 2 the tendering office.</summary>
[Event("tenders.review-decided")]
public sealed record ReviewDecided(Guid TenderId, int Step, Guid AuthorityId, bool Approved, string Opinion, DateTimeOffset DecidedAt) : ITenderEvent;
