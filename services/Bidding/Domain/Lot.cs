using System.Collections.Frozen;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Domain;

public enum LotStage { Open, Closed }

/// <summary>A lot on which bids are taken until its deadline, with the custodians to whom they must be sealed.</summary>
public sealed class Lot
{
    public static readonly FrozenSet<(LotStage From, LotStage To)> Moves = new[] { (LotStage.Open, LotStage.Closed) }.ToFrozenSet();

    public required Guid Id { get; init; }
    public required Guid TenderId { get; init; }
    public required string RuleSetId { get; init; }
    public required DateTimeOffset BidDeadline { get; set; }

    /// <summary>Who runs the tender; null for lots heard of before it was kept.</summary>
    public Guid? AgencyId { get; init; }
    public required int Threshold { get; init; }

    /// <summary>Public keys in the order of the tender notice.</summary>
    public required string[] CustodianKeys { get; init; }

    public LotStage Stage { get; private set; } = LotStage.Open;
    public string? ClosingListHash { get; private set; }
    public DateTimeOffset? ClosedAt { get; private set; }
    public DateTimeOffset? NextDueAt { get; private set; }

    /// <summary>When its deadline was last moved.</summary>
    public DateTimeOffset? MovedAt { get; private set; }

    public static Lot Open(Guid id, Guid tender, string ruleSet, DateTimeOffset deadline, int threshold, string[] custodianKeys, Guid? agency = null) => new()
    {
        Id = id, TenderId = tender, RuleSetId = ruleSet, BidDeadline = deadline, Threshold = threshold, CustodianKeys = custodianKeys, NextDueAt = deadline, AgencyId = agency,
    };

    public bool TakesBids(DateTimeOffset now) => Stage == LotStage.Open && now < BidDeadline;

    /// <summary>Refuses what comes at or after the deadline, by the law of the tender's rule set.</summary>
    public void RequireInTime(DateTimeOffset now, string code, string what)
    {
        if (!TakesBids(now)) Refuse(code, $"The deadline was {BidDeadline:u}: {what}", RuleKey.LateBid);
    }

    public void Require(bool holds, string code, string message, RuleKey key)
    {
        if (!holds) Refuse(code, message, key);
    }

    /// <summary>Forward only, and never once the closing list is fixed: nothing that is closed is opened again.</summary>
    public void MoveDeadline(DateTimeOffset to, DateTimeOffset now)
    {
        Rule.Require(Stage == LotStage.Open, "bidding-closed", $"Bidding was closed at {ClosedAt:u}: what is closed is not opened again.");
        if (to > BidDeadline) (BidDeadline, NextDueAt, MovedAt) = (to, to, now);
    }

    /// <summary>The closing waits until somebody has decided on an extension, at most until <paramref name="until"/>; bids are not taken meanwhile.</summary>
    public void Hold(DateTimeOffset until) => NextDueAt = until;

    /// <summary>Nothing holds the closing any more: it is due at the deadline.</summary>
    public void LetGo() => NextDueAt = Stage == LotStage.Open ? BidDeadline : null;

    /// <summary>Fixes the closing list. Its hash is SHA-256 of the canonical JSON of bid ids and manifest hashes in order.</summary>
    public void Close(IEnumerable<ClosingEntry> list, DateTimeOffset now)
    {
        Rule.Require(Moves.Contains((Stage, LotStage.Closed)), "illegal-move", $"A lot that is {Stage} cannot be closed.");
        Rule.Require(now >= BidDeadline, "deadline-not-reached", $"The deadline is {BidDeadline:u}.");
        (Stage, ClosingListHash, ClosedAt, NextDueAt) = (LotStage.Closed, HexText.Sha256(CanonicalJson.Serialize(list.ToArray())), now, null);
    }

    private void Refuse(string code, string message, RuleKey key)
    {
        var rule = RuleSet.Get(RuleSetId).Get(key);
        throw new RuleBrokenException(code, message, rule.Id, rule.Article);
    }
}

/// <summary>One line of the closing list.</summary>
public sealed record ClosingEntry(Guid BidId, string ManifestHash);
