namespace Tendering.Contracts.Tenders;

/// <summary>The award notice (中标通知书); the contract is due by <paramref name="ContractDueBy"/>.</summary>
[Event("tenders.award-notice-issued")]
public sealed record AwardNoticeIssued(Guid TenderId, Guid LotId, Guid BidderId, DateTimeOffset IssuedAt, DateTimeOffset ContractDueBy) : ITenderEvent;
