using System.Linq.Expressions;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

/// <summary>An organisation's registered basic account (基本账户).</summary>
public sealed class BasicAccount
{
    /// <summary>The organisation's.</summary>
    public required Guid Id { get; init; }

    public required string Number { get; set; }
    public required string Name { get; set; }
    public required DateTimeOffset RegisteredAt { get; set; }
}

/// <summary>A bidder's place in a lot. Registration, lot and basic account become known in any order; with the last of them the account is opened.</summary>
public sealed class SubAccount
{
    /// <summary>Also the ledger account's.</summary>
    public Guid Id { get; private init; } = Guid.CreateVersion7();

    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required string BidderName { get; set; }
    public DateTimeOffset? RegisteredAt { get; set; }

    /// <summary>The bid was revoked at the opening (撤销): a ground on which the deposit may be kept.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>It was to sign the contract and has not, and another was named in its place or the lot failed: a ground on which the deposit may be kept.</summary>
    public DateTimeOffset? AwardLapsedAt { get; private set; }

    /// <summary>Of the award that lapsed: its notice, and when the time for the contract ran out.</summary>
    public DateTimeOffset? AwardNoticedAt { get; private set; }
    public DateTimeOffset? ContractDueBy { get; private set; }

    /// <summary>The decision that what might be kept is not.</summary>
    public DateTimeOffset? WaivedAt { get; private set; }
    public string? WaiverNumber { get; private set; }
    public string? WaiverHash { get; private set; }

    /// <summary>It may be kept, and nobody has decided that it is not: it goes back with nobody else's.</summary>
    public bool AwaitsDecision => (RevokedAt is not null || AwardLapsedAt is not null) && WaivedAt is null;

    /// <summary>The same, for the database.</summary>
    public static readonly Expression<Func<SubAccount, bool>> AwaitingDecision = s => (s.RevokedAt != null || s.AwardLapsedAt != null) && s.WaivedAt == null;

    /// <summary>The virtual account number; null until the account is open.</summary>
    public string? Number { get; private set; }

    public DateTimeOffset? OpenedAt { get; private set; }

    public void Waive(string decisionNumber, string decisionHash, DateTimeOffset now)
    {
        Rule.Require(AwaitsDecision, "illegal-move", "Only what secures a revoked bid, or an award that lapsed, awaits a decision, once.");
        (WaivedAt, WaiverNumber, WaiverHash) = (now, decisionNumber, decisionHash);
    }

    /// <summary>The award that it let pass is another's now, or nobody's.</summary>
    public void LetAwardLapse(DateTimeOffset? noticedAt, DateTimeOffset contractDueBy, DateTimeOffset at) => (AwardLapsedAt, AwardNoticedAt, ContractDueBy) = (at, noticedAt, contractDueBy);

    /// <summary>It is named again, or signs after all: what was waived before holds for that award alone.</summary>
    public void ResumeAward()
    {
        if (AwardLapsedAt is null) return;
        (AwardLapsedAt, AwardNoticedAt, ContractDueBy) = (null, null, null);
        (WaivedAt, WaiverNumber, WaiverHash) = (null, null, null);
    }

    public bool MayOpen(Lot? lot, BasicAccount? basic) => Number is null && RegisteredAt is not null && lot is { Deposit: > 0 } && basic is not null;

    public Account Open(Lot lot, string number, DateTimeOffset now)
    {
        Rule.Require(Number is null, "illegal-move", "The sub-account is open already.");
        (Number, OpenedAt) = (number, now);
        return Chart.SubAccount(Id, number, lot.Currency);
    }
}
