namespace Tendering.Contracts.ExpertSelection;

/// <summary>An expert declined or must step aside; the next index of the same sequence takes the seat.</summary>
[Event("expert-selection.expert-replaced", SecretUntil = Disclosure.Result)]
public sealed record ExpertReplaced(
    Guid TenderId, Guid LotId, Guid DrawId, Guid ExpertId, Guid ReplacementId, int Index, string Reason, DateTimeOffset ReplacedAt) : ITenderEvent;
