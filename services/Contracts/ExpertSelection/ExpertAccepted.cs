namespace Tendering.Contracts.ExpertSelection;

[Event("expert-selection.expert-accepted", SecretUntil = Disclosure.Result)]
public sealed record ExpertAccepted(Guid TenderId, Guid LotId, Guid DrawId, Guid ExpertId, DateTimeOffset AcceptedAt) : ITenderEvent;
