namespace Tendering.Contracts.Credit;

[Event("credit.debarment-ended")]
public sealed record DebarmentEnded(Guid DebarmentId, string SocialCreditCode, string Reason, DateTimeOffset EndedAt);
