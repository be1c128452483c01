namespace Tendering.Contracts.ExpertSelection;

/// <summary>A party revealed its bytes (hex), or, where null, let the time for it pass.</summary>
[Event("expert-selection.draw-revealed")]
public sealed record DrawRevealed(Guid TenderId, Guid LotId, Guid DrawId, string Party, string? Reveal, DateTimeOffset RevealedAt) : ITenderEvent;
