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

    /// <summary>To whom a guarantee letter is made out; null where the notice was read by an earlier version.</summary>
    public string? TendererName { get; init; }

    /// <summary>How many days after the deadline bids bind (投标有效期); null where the tender documents do not say.</summary>
    public int? BidValidityDays { get; init; }

    /// <summary>The kinds of guarantee letter that the tender documents take in the deposit's place.</summary>
    public string[] LetterKinds { get; init; } = [];

    /// <summary>The grounds on which the tender documents ask for no deposit.</summary>
    public string[] ExemptionGrounds { get; init; } = [];

    /// <summary>From here on who paid is no secret any more.</summary>
    public DateTimeOffset? OpenedAt { get; set; }

    /// <summary>Whom the last award notice named, when, and until when that bidder is to sign.</summary>
    public Guid? WinnerId { get; private set; }
    public DateTimeOffset? NoticedAt { get; private set; }
    public DateTimeOffset? ContractDueBy { get; private set; }

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

    /// <summary>The day on which something happens, where the lot's law counts days.</summary>
    public DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, Protocols.RuleSet.Get(RuleSet).Zone).DateTime);

    /// <summary>When a day begins there.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var start = day.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(start, Protocols.RuleSet.Get(RuleSet).Zone.GetUtcOffset(start)).ToUniversalTime();
    }

    /// <summary>The last day on which bids bind, counted from the deadline; null where the documents do not say.</summary>
    public DateOnly? BindsThrough => BidValidityDays is { } days ? DayOf(BidDeadline).AddDays(days) : null;

    /// <summary>The bank's interest on a deposit from the day it came to the day its refund is ordered; null where the law gives none.</summary>
    public RefundInterest? InterestOn(Deposit deposit, Release release, DateTimeOffset now)
    {
        var law = Protocols.RuleSet.Get(RuleSet);
        if (release.Interest is not { } key || law.Find(key) is not { } rule) return null;
        return new RefundInterest(rule.Id, rule.Article, Interest.Of(deposit.Amount, law.Get(RuleKey.InterestRate).Value, 1, DayOf(deposit.ReceivedAt), DayOf(now)));
    }

    /// <summary>What a refund bears that came back after it was due: a day for each after the last that was allowed; null where the law asks for nothing.</summary>
    public RefundInterest? LateInterestOn(long amount, DateTimeOffset dueBy, DateTimeOffset returnedAt)
    {
        var law = Protocols.RuleSet.Get(RuleSet);
        if (law.Find(RuleKey.LateInterest) is not { } rule) return null;
        return new RefundInterest(rule.Id, rule.Article, Interest.Of(amount, law.Get(RuleKey.LateInterestRate).Value, rule.Number, DayOf(dueBy.AddTicks(-1)), DayOf(returnedAt)));
    }

    public void Name(Guid winner, DateTimeOffset noticedAt, DateTimeOffset contractDueBy) => (WinnerId, NoticedAt, ContractDueBy) = (winner, noticedAt, contractDueBy);

    /// <summary>Who was to sign and has not when <paramref name="next"/> is named or signs, or, without a next one, when the lot fails after the time for the contract; null where nobody's award lapses.</summary>
    public Guid? LeavesUnsigned(Guid? next, DateTimeOffset at) => ContractedAt is null && WinnerId != next && (next is not null || at >= ContractDueBy) ? WinnerId : null;

    /// <summary>Why this bidder's deposit may be kept, unless it was decided otherwise: its bid was revoked, or it was to sign the contract and did not. Null where there is no ground.</summary>
    public ForfeitureGround? GroundAgainst(SubAccount bidder, DateTimeOffset now) =>
        bidder.WaivedAt is not null ? null
        : bidder.RevokedAt is not null ? ForfeitureGround.BidRevoked
        : bidder.AwardLapsedAt is not null || (WinnerId == bidder.BidderId && ContractedAt is null && (FailedAt ?? now) >= ContractDueBy) ? ForfeitureGround.ContractUnsigned : null;

    /// <summary>The rule by which a deposit is kept; without a ground the one that asks for it.</summary>
    public LawRule LawOf(ForfeitureGround? ground) => Law(ground == ForfeitureGround.ContractUnsigned ? RuleKey.ContractUnsigned : RuleKey.DepositForfeited);
}

/// <summary>Why a deposit may be kept.</summary>
public enum ForfeitureGround { BidRevoked, ContractUnsigned }
