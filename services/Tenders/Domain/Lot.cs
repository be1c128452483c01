using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Domain;

/// <summary>Why a lot failed (流标), by which rule.</summary>
public sealed record Failure(string Reason, string Rule, string Article, DateTimeOffset FailedAt);

/// <summary>The part of a tender that is bid on, opened, evaluated and awarded on its own. Amounts in minor units.</summary>
public sealed class Lot
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public required int Number { get; init; }
    public required string Title { get; init; }
    public required long CeilingPrice { get; init; }
    public long? MinimumPrice { get; init; }

    /// <summary>The tenderer's secret (标底): shown to its agency and to nobody else.</summary>
    public long? EstimatedPrice { get; init; }
    public required long Deposit { get; init; }
    public required DateTimeOffset BidDeadline { get; set; }
    public required DateTimeOffset OpeningAt { get; set; }
    public required int OpeningMinutes { get; init; }
    public required string EvaluationMethod { get; init; }
    public required string Specialty { get; init; }
    public required int CommitteeSize { get; init; }

    /// <summary>Drawn at the opening; null where the documents leave nothing to chance.</summary>
    public PublishedCoefficient[]? Coefficients { get; init; }
    public Stage Stage { get; private set; } = Stage.Draft;

    public DateTimeOffset? ClosedAt { get; private set; }
    public string? ClosingListHash { get; private set; }
    public int? BidsAtClosing { get; private set; }
    public DateTimeOffset? OpeningStartedAt { get; private set; }
    public DateTimeOffset? OpeningCompletedAt { get; private set; }
    public string? RecordHash { get; private set; }
    public DateTimeOffset? EvaluatedAt { get; private set; }
    public string? ReportHash { get; private set; }
    public Candidate[]? Ranking { get; private set; }
    public DateTimeOffset? PublicityStartedAt { get; private set; }
    public DateTimeOffset? PublicityEndsAt { get; private set; }
    public Candidate[]? Candidates { get; private set; }
    public Candidate? Winner { get; private set; }
    public string? AwardReason { get; private set; }
    public DateTimeOffset? AwardedAt { get; private set; }
    public DateTimeOffset? NoticedAt { get; private set; }
    public DateTimeOffset? ContractDueBy { get; private set; }
    public string? ContractHash { get; private set; }
    public DateTimeOffset? SignedAt { get; private set; }
    public Failure? Failure { get; private set; }

    /// <summary>How many bids stood at the closing: nobody's business before the opening, or the failure, that tells it.</summary>
    public int? PublicBids => Stage >= Stage.Opening ? BidsAtClosing : null;

    /// <summary>Signed, but after the period that the law gives for it.</summary>
    public bool SignedLate => SignedAt >= ContractDueBy;

    public void Publish(RuleSet rules) => Take(Cause.Publication, rules);

    /// <summary>Who decides to move a deadline does so before this, so that bidding hears of it before it closes the lot.</summary>
    public static readonly TimeSpan MoveLeadMin = TimeSpan.FromMinutes(10);

    /// <summary>A clarification or change moves the deadline so far that bidders have the law's time for it.</summary>
    public void MoveForClarification(DateTimeOffset to, RuleSet rules, DateTimeOffset now)
    {
        Rule.Require(Stage == Stage.Published && now <= BidDeadline - MoveLeadMin, "bidding-closed",
            $"A deadline is moved up to {MoveLeadMin.TotalMinutes:0} minutes before it, and what is closed is not opened again.");
        Rule.Require(to > BidDeadline, "deadline-moves-forward", $"The deadline is {BidDeadline:u}: it moves to a later moment only.");
        if (rules.Find(RuleKey.ClarificationLead) is { } lead)
            rules.Require(RuleKey.ClarificationLead, to >= rules.EndOf(lead, now), $"A change is told at least {lead.Value} {lead.Unit}s before the deadline: it moves to {rules.EndOf(lead, now):u} or later.");
        Move(to, rules);
    }

    /// <summary>Bidding took bids until then already; false if this was known.</summary>
    public bool MoveForOutage(DateTimeOffset to, RuleSet rules)
    {
        if (to <= BidDeadline) return false;
        Move(to, rules);
        return true;
    }

    private void Move(DateTimeOffset to, RuleSet rules) =>
        (OpeningAt, BidDeadline) = (rules.Find(RuleKey.OpeningAtDeadline) is not null ? to : OpeningAt + (to - BidDeadline), to);

    public void NoteClosing(string closingListHash, DateTimeOffset closedAt, RuleSet rules)
    {
        NoteClosingList(closingListHash);
        ClosedAt ??= closedAt;
        Follow(Cause.BiddingClosed, rules);
    }

    /// <summary>The closing list: with fewer bids than the law asks for the lot fails and nothing is opened.</summary>
    public bool NoteClosingList(int bids, string closingListHash, DateTimeOffset closedAt, RuleSet rules, DateTimeOffset now)
    {
        NoteClosingList(closingListHash);
        ClosedAt ??= closedAt;
        BidsAtClosing ??= bids;
        var minimum = rules.Get(RuleKey.MinimumBidders);
        if (bids < minimum.Count) return Fail(Cause.TooFewBids, minimum, $"Fewer bids stood at the deadline than the law asks for ({minimum.Value}).", rules, now);
        Follow(Cause.BiddingClosed, rules);
        return false;
    }

    public void NoteOpening(int bids, string closingListHash, DateTimeOffset startedAt, RuleSet rules)
    {
        NoteClosingList(closingListHash);
        BidsAtClosing ??= bids;
        OpeningStartedAt ??= startedAt;
        Follow(Cause.OpeningStarted, rules);
    }

    public void NoteOpeningCompleted(string recordHash, int bids, DateTimeOffset completedAt, RuleSet rules)
    {
        BidsAtClosing ??= bids;
        (RecordHash, OpeningCompletedAt) = (RecordHash ?? recordHash, OpeningCompletedAt ?? completedAt);
        Follow(Cause.OpeningCompleted, rules);
    }

    /// <summary>All members signed the report; without a candidate the lot fails.</summary>
    public bool NoteEvaluation(string reportHash, Candidate[] ranking, DateTimeOffset completedAt, RuleSet rules, DateTimeOffset now)
    {
        Rule.Require(ReportHash is null || ReportHash == reportHash, "report-differs", "Another evaluation report was told for this lot before.");
        if (ReportHash is not null) return false;
        (ReportHash, EvaluatedAt, Ranking) = (reportHash, completedAt, [.. ranking.OrderBy(c => c.Rank)]);
        if (ranking.Length == 0) return Fail(Cause.NoCandidates, rules.Get(RuleKey.Rejection), "Every bid was rejected: there is no candidate.", rules, now);
        Follow(Cause.EvaluationCompleted, rules);
        return false;
    }

    /// <summary>The best of the ranking, at most as many as the law allows, stand in public until the period ends. Equals of rank 1 stay together: choosing among them is the buyer's.</summary>
    public void PublishCandidates(RuleSet rules, DateTimeOffset now)
    {
        Take(Cause.CandidatesPublished, rules);
        var max = rules.Find(RuleKey.CandidatesMax)?.Count ?? int.MaxValue;
        Candidates = [.. Ranking!.Where((c, i) => i < max || c.Rank == 1)];
        (PublicityStartedAt, PublicityEndsAt) = (now, rules.EndOf(rules.Get(RuleKey.PublicityLength), now));
    }

    /// <summary>The rule by which the publicity began too late, or null. It is told, not refused: a late publicity is better than none.</summary>
    public LawRule? LatePublicity(RuleSet rules) =>
        rules.Find(RuleKey.PublicityStart) is { } rule && PublicityStartedAt >= rules.EndOf(rule, EvaluatedAt!.Value) ? rule : null;

    /// <summary>A candidate of rank 1 wins, once the publicity is over; between equals the buyer chooses and says why.</summary>
    public void Award(Guid bidId, string? reason, RuleSet rules, DateTimeOffset now)
    {
        var next = Moves.Take(Moves.OfLot, Stage, Cause.AwardDecided, rules);
        rules.Require(RuleKey.PublicityLength, now >= PublicityEndsAt, $"The candidates stand in public until {PublicityEndsAt:u}: decide after that.");
        var chosen = Candidates!.FirstOrDefault(c => c.BidId == bidId);
        Rule.Require(chosen is not null, "not-a-candidate", "This bid is none of the candidates that stood in public.");
        rules.Require(RuleKey.AwardFirst, chosen!.Rank == 1, $"The first-ranked candidate wins; this one is of rank {chosen.Rank}.");
        var alone = Candidates!.Count(c => c.Rank == 1) == 1;
        rules.Require(RuleKey.PriceTie, alone || !string.IsNullOrWhiteSpace(reason), "Several candidates are of rank 1: say in writing why this one is chosen.");
        (Winner, AwardReason, AwardedAt, Stage) = (chosen, string.IsNullOrWhiteSpace(reason) ? "The first-ranked candidate." : reason, now, next);
    }

    public void IssueAwardNotice(RuleSet rules, DateTimeOffset now)
    {
        Take(Cause.AwardNoticeIssued, rules);
        (NoticedAt, ContractDueBy) = (now, rules.EndOf(rules.Get(RuleKey.ContractWithin), now));
    }

    /// <summary>A contract signed late is still a contract: the notice says that it was late.</summary>
    public void SignContract(string contractHash, RuleSet rules, DateTimeOffset now)
    {
        Take(Cause.ContractSigned, rules);
        (ContractHash, SignedAt) = (contractHash, now);
    }

    // A fact implies those before it: the lot goes through their moves. One that comes late or again changes nothing.
    private void Follow(Cause fact, RuleSet rules)
    {
        foreach (var earlier in Moves.Facts.TakeWhile(f => f <= fact))
            if (Stage < Moves.OfLot.Single(m => m.On == earlier).To) Take(earlier, rules);
    }

    private bool Fail(Cause on, LawRule rule, string reason, RuleSet rules, DateTimeOffset now)
    {
        if (Stage == Stage.Failed) return false;
        Take(on, rules);
        Failure = new Failure(reason, rule.Id, rule.Article, now);
        return true;
    }

    private void NoteClosingList(string hash)
    {
        Rule.Require(ClosingListHash is null || ClosingListHash == hash, "closing-list-differs", "Another closing list was told for this lot before.");
        ClosingListHash = hash;
    }

    private void Take(Cause on, RuleSet rules) => Stage = Moves.Take(Moves.OfLot, Stage, on, rules);
}
