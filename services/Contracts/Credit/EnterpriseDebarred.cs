namespace Tendering.Contracts.Credit;

/// <summary>An enterprise may not enter the market from <paramref name="From"/> to <paramref name="Until"/> (市场禁入).</summary>
[Event("credit.enterprise-debarred")]
public sealed record EnterpriseDebarred(
    Guid DebarmentId, string SocialCreditCode, string EnterpriseName, string Reason, string DecisionNumber, string Article,
    DateTimeOffset From, DateTimeOffset Until);
