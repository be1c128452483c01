namespace Tendering.Protocols;

/// <summary>What code asks a rule set for; which rule answers is data (bindings.csv).</summary>
public readonly record struct RuleKey(string Name)
{
    public static RuleKey TenderPeriod => new("tender-period");
    public static RuleKey ClarificationLead => new("clarification-lead");
    public static RuleKey DualReview => new("dual-review");
    public static RuleKey DepositShareMax => new("deposit-share-max");
    public static RuleKey DepositCap => new("deposit-cap");
    public static RuleKey DepositValidity => new("deposit-validity");
    public static RuleKey RefundWithdrawal => new("refund-withdrawal");
    public static RuleKey RefundLoser => new("refund-loser");

    /// <summary>Only where the law returns losers' deposits from the award notice on, not from the contract.</summary>
    public static RuleKey RefundLoserAtNotice => new("refund-loser-at-notice");

    public static RuleKey RefundWinner => new("refund-winner");
    public static RuleKey RefundFailed => new("refund-failed");
    /// <summary>Where the law returns a deposit with the bank's interest: a loser's, the winner's, everybody's when the lot fails.</summary>
    public static RuleKey InterestLoser => new("interest-loser");
    public static RuleKey InterestWinner => new("interest-winner");
    public static RuleKey InterestFailed => new("interest-failed");

    /// <summary>Its value names the table of rates.</summary>
    public static RuleKey InterestRate => new("interest-rate");

    /// <summary>The law says that a deposit bears no interest.</summary>
    public static RuleKey NoInterest => new("no-interest");

    /// <summary>Late return: the factor by which the rate of <see cref="LateInterestRate"/> is multiplied.</summary>
    public static RuleKey LateInterest => new("late-interest");
    public static RuleKey LateInterestRate => new("late-interest-rate");
    public static RuleKey DepositExemption => new("deposit-exemption");

    /// <summary>Deposits of several bidders from one account.</summary>
    public static RuleKey SharedPayer => new("shared-payer");
    /// <summary>A bid was revoked: its deposit may be kept.</summary>
    public static RuleKey DepositForfeited => new("deposit-forfeited");

    /// <summary>Who won did not sign the contract: its deposit may be kept.</summary>
    public static RuleKey ContractUnsigned => new("contract-unsigned");
    public static RuleKey MinimumBidders => new("minimum-bidders");
    public static RuleKey OpeningAtDeadline => new("opening-at-deadline");
    public static RuleKey ObjectionAtOpening => new("objection-at-opening");

    /// <summary>Only where the law provides that documents may leave a coefficient to a public draw.</summary>
    public static RuleKey RandomCoefficient => new("random-coefficient");

    /// <summary>Only where the law itself fixes how prices score.</summary>
    public static RuleKey PriceFormula => new("price-formula");
    public static RuleKey LateBid => new("late-bid");
    public static RuleKey UnsealedBid => new("unsealed-bid");
    public static RuleKey NotOpened => new("not-opened");
    public static RuleKey Secrecy => new("secrecy");
    public static RuleKey MarketEntry => new("market-entry");
    public static RuleKey CommitteeSize => new("committee-size");
    public static RuleKey CommitteeRandom => new("committee-random");
    public static RuleKey FloorPrice => new("floor-price");
    public static RuleKey FloorPriceAllowed => new("floor-price-allowed");
    public static RuleKey CeilingPrice => new("ceiling-price");
    public static RuleKey Rejection => new("rejection");
    public static RuleKey FewValidBids => new("few-valid-bids");
    public static RuleKey PriceTie => new("price-tie");
    public static RuleKey CandidatesMax => new("candidates-max");
    public static RuleKey PublicityStart => new("publicity-start");
    public static RuleKey PublicityLength => new("publicity-length");
    public static RuleKey AwardFirst => new("award-first");
    public static RuleKey NoLottery => new("no-lottery");
    public static RuleKey ContractWithin => new("contract-within");
}
