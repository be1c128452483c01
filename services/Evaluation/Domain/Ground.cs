using Tendering.Protocols;

namespace Tendering.Evaluation.Domain;

/// <summary>A ground on which a bid may be rejected (否决投标), and the key under which a rule set has its rule.</summary>
public sealed record Ground(string Code, string Chinese, string English, RuleKey Key)
{
    public const string NotOpened = "not-opened", AboveCeiling = "price-above-ceiling", BelowMinimum = "price-below-minimum", NoDeposit = "deposit-not-secured", Debarred = "debarred";
    public const int CodeMax = 40;

    /// <summary>The closed list: what the examination finds by itself, then what only a committee can see (条51).</summary>
    public static IReadOnlyList<Ground> All { get; } =
    [
        new(NotOpened, "未解密", "not opened", RuleKey.NotOpened),
        new(AboveCeiling, "报价高于最高投标限价", "price above the ceiling price", RuleKey.CeilingPrice),
        new(BelowMinimum, "报价低于最低限制价格", "price below the minimum price", RuleKey.FloorPriceAllowed),
        new(NoDeposit, "未按要求提交投标保证金", "bid deposit not secured", RuleKey.DepositValidity),
        new(Debarred, "处于市场禁入期", "debarred from the market", RuleKey.MarketEntry),
        new("not-signed", "未经单位盖章和负责人签字", "not sealed and signed by the bidder", RuleKey.Rejection),
        new("no-joint-agreement", "联合体未提交共同投标协议", "joint bid without an agreement", RuleKey.Rejection),
        new("not-qualified", "不符合资格条件", "bidder not qualified", RuleKey.Rejection),
        new("more-than-one-bid", "同一投标人提交两个以上不同的投标", "more than one bid of one bidder", RuleKey.Rejection),
        new("price-below-cost", "报价低于成本", "price below cost", RuleKey.Rejection),
        new("not-responsive", "未对实质性要求作出响应", "no response to a material requirement", RuleKey.Rejection),
        new("unlawful-conduct", "串通投标、弄虚作假、行贿等违法行为", "collusion, fraud, bribery or other unlawful conduct", RuleKey.Rejection),
        new("no-competition", "有效投标不足且明显缺乏竞争", "too few valid bids to leave competition", RuleKey.FewValidBids),
    ];

    public static Ground? Find(string code) => All.FirstOrDefault(g => g.Code == code);

    /// <summary>The rule of the set that this ground rests on; where the set has none of its own for it, its rule on rejection.</summary>
    public LawRule RuleIn(RuleSet rules) => rules.Find(Key) ?? rules.Get(RuleKey.Rejection);
}
