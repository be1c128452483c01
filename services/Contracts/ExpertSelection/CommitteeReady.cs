namespace Tendering.Contracts.ExpertSelection;

/// <summary>Every seat is taken.</summary>
[Event("expert-selection.committee-ready", SecretUntil = Disclosure.Result)]
public sealed record CommitteeReady(Guid TenderId, Guid LotId, Guid DrawId, CommitteeMember[] Members, DateTimeOffset ReadyAt) : ITenderEvent;

/// <summary>A member and the P-256 key (SubjectPublicKeyInfo, base64) with which it signs the report.</summary>
public sealed record CommitteeMember(Guid ExpertId, Guid PersonId, string Name, string Employer, string SigningKey);
