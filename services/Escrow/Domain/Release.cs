using System.Globalization;
using Tendering.Protocols;

namespace Tendering.Escrow.Domain;

/// <summary>Why deposits are released, by which rule, with the interest of which rule, and when the time for their refund begins.</summary>
public sealed record Release(string Reason, RuleKey Rule, RuleKey? Interest, DateTimeOffset Start)
{
    // No law that is known here gives interest to who takes its bid back, or cannot be opened.
    public static Release Withdrawn(DateTimeOffset at) => new(ReleaseReasons.BidWithdrawn, RuleKey.RefundWithdrawal, null, at);
    public static Release NotOpened(DateTimeOffset at) => new(ReleaseReasons.NotOpened, RuleKey.RefundWithdrawal, null, at);
    public static Release Failed(DateTimeOffset at) => new(ReleaseReasons.LotFailed, RuleKey.RefundFailed, RuleKey.InterestFailed, at);
    public static Release Loser(DateTimeOffset at) => new(ReleaseReasons.NotAwarded, RuleKey.RefundLoser, RuleKey.InterestLoser, at);
    public static Release LoserAtNotice(DateTimeOffset at) => new(ReleaseReasons.NotAwarded, RuleKey.RefundLoserAtNotice, RuleKey.InterestLoser, at);
    public static Release Winner(DateTimeOffset at) => new(ReleaseReasons.ContractSigned, RuleKey.RefundWinner, RuleKey.InterestWinner, at);
}

/// <summary>Why a hold ended.</summary>
public static class ReleaseReasons
{
    public const string BidWithdrawn = "bid-withdrawn";
    public const string NotOpened = "bid-not-opened";
    public const string LotFailed = "lot-failed";
    public const string NotAwarded = "not-awarded";
    public const string ContractSigned = "contract-signed";
    public const string ForfeitedInPart = "forfeited-in-part";
}

/// <summary>Interest that is paid with a refund or after it: by which rule, and the statement from which anybody counts it again.</summary>
public sealed record RefundInterest(string Rule, string Article, InterestStatement Statement)
{
    /// <summary>In minor units, for who counts by hand; rounded half up.</summary>
    public string Formula => string.Create(CultureInfo.InvariantCulture,
        $"{Statement.Principal} × ({string.Join(" + ", Statement.Spans.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Days} × {s.Percent}")))}) × {Statement.Factor} ÷ (100 × {Statement.Basis}) = {Statement.Amount}");
}
