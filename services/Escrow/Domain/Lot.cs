using Tendering.Protocols;

namespace Tendering.Escrow.Domain;

/// <summary>What escrow knows of a lot: the deposit it asks for, until when, by which law, and how it ended.</summary>
public sealed class Lot
{
    public required Guid Id { get; init; }
    public required Guid TenderId { get; init; }
    public required string TenderNumber { get; init; }
    public required int Number { get; init; }
    public required string RuleSet { get; init; }
    public required string Currency { get; init; }

    /// <summary>In minor units; 0 where the lot asks for none.</summary>
    public required long Deposit { get; init; }

    public required DateTimeOffset BidDeadline { get; set; }
    public Guid? WinnerId { get; set; }
    public DateTimeOffset? ContractDueBy { get; set; }
    public DateTimeOffset? ContractedAt { get; set; }
    public DateTimeOffset? FailedAt { get; set; }

    public bool HasEnded => ContractedAt is not null || FailedAt is not null;

    public LawRule Law(RuleKey key) => Protocols.RuleSet.Get(RuleSet).Get(key);

    /// <summary>When a refund is due by a rule. Where the law says 'promptly' and gives no number, the day itself.</summary>
    public DateTimeOffset RefundDueBy(LawRule rule, DateTimeOffset start)
    {
        var law = Protocols.RuleSet.Get(RuleSet);
        return rule.Value.Length == 0 ? DayCount.End(start, 0, working: false, law.RollsHolidays, law.Zone) : law.EndOf(rule, start);
    }

    /// <summary>May this bidder's deposit be kept? Either it revoked its bid, or it was to sign the contract and let the time pass.</summary>
    public bool MayForfeit(SubAccount bidder, DateTimeOffset now) =>
        bidder.RevokedAt is not null || (WinnerId == bidder.BidderId && ContractedAt is null && now >= ContractDueBy);
}
