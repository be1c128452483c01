namespace Tendering.Contracts.ExpertSelection;

/// <summary>A draw ended without a committee. Reason: sequence-exhausted or lot-failed.</summary>
[Event("expert-selection.draw-failed")]
public sealed record DrawFailed(Guid TenderId, Guid LotId, Guid DrawId, string Reason, DateTimeOffset FailedAt) : ITenderEvent;
