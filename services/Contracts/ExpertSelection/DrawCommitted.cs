namespace Tendering.Contracts.ExpertSelection;

/// <summary>A party of the draw committed to 32 random bytes. Party: tenderer, centre or supervisor.</summary>
[Event("expert-selection.draw-committed")]
public sealed record DrawCommitted(Guid TenderId, Guid LotId, Guid DrawId, string Party, string Commitment, DateTimeOffset CommittedAt) : ITenderEvent;
