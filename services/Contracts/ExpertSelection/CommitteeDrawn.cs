namespace Tendering.Contracts.ExpertSelection;

/// <summary>The draw chose. The record (canonical JSON of the protocol's draw record) lets anyone repeat it.</summary>
[Event("expert-selection.committee-drawn", SecretUntil = Disclosure.Result)]
public sealed record CommitteeDrawn(Guid TenderId, Guid LotId, Guid DrawId, int Round, string Record, Guid[] ExpertIds, DateTimeOffset DrawnAt) : ITenderEvent;
