using System.Collections.Frozen;
using System.Text;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Domain;

public enum EvaluationStage { Waiting, Examining, Signing, Completed, Stopped }

/// <summary>The report as it was drawn, to the byte.</summary>
public sealed class DrawnReport
{
    public required Guid LotId { get; init; }
    public required int Round { get; init; }
    public required string Text { get; init; }

    public EvaluationReport Read() => CanonicalJson.Deserialize<EvaluationReport>(Encoding.UTF8.GetBytes(Text));
}

/// <summary>The evaluation of one lot: a gate for each fact that it needs, then its members' confirmations, its report and their signatures.</summary>
public sealed class LotEvaluation
{
    // The whole life of an evaluation. A move that is not in this table is refused.
    public static readonly FrozenSet<(EvaluationStage From, EvaluationStage To)> Moves = new[]
    {
        (EvaluationStage.Waiting, EvaluationStage.Examining),
        (EvaluationStage.Examining, EvaluationStage.Signing),
        (EvaluationStage.Signing, EvaluationStage.Completed),
        (EvaluationStage.Signing, EvaluationStage.Examining),           // a bid drops out of the report
        (EvaluationStage.Waiting, EvaluationStage.Stopped),             // the lot failed meanwhile, here and below
        (EvaluationStage.Examining, EvaluationStage.Stopped),
        (EvaluationStage.Signing, EvaluationStage.Stopped),
    }.ToFrozenSet();

    /// <summary>Who has neither signed nor refused with a written reason by then counts as agreeing (条53).</summary>
    public static readonly TimeSpan SigningTime = TimeSpan.FromHours(24);

    /// <summary>The lot's id.</summary>
    public required Guid Id { get; init; }

    public required Guid TenderId { get; init; }
    public EvaluationStage Stage { get; private set; } = EvaluationStage.Waiting;
    public LotTerms? Terms { get; private set; }
    public OpeningFacts? Opening { get; private set; }
    /// <summary>From 1. Where a bid drops out of a report that is drawn and not complete, the next begins; confirmations, report and answers are of one round.</summary>
    public int Round { get; private set; } = 1;

    public Guid? DrawId { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public string? ReportHash { get; private set; }
    public DateTimeOffset? SignBy { get; private set; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>From here on report and members are public.</summary>
    public DateTimeOffset? DisclosedAt { get; private set; }

    public DateTimeOffset? NextDueAt { get; private set; }

    public List<Member> Members { get; } = [];

    /// <summary>Of every round.</summary>
    public List<Confirmation> EveryConfirmation { get; } = [];

    /// <summary>Of every round.</summary>
    public List<ReportAnswer> EveryAnswer { get; } = [];

    public IReadOnlyList<Confirmation> Confirmations => [.. EveryConfirmation.Where(c => c.Round == Round)];
    public IReadOnlyList<ReportAnswer> Answers => [.. EveryAnswer.Where(a => a.Round == Round)];

    /// <summary>Nothing of it changes any more.</summary>
    public bool IsOver => Stage is EvaluationStage.Completed or EvaluationStage.Stopped;

    // A gate opens once: what is repeated or comes again in other words changes nothing.
    public void Publish(LotTerms terms) => Terms ??= terms;

    public void Open(OpeningFacts opening) => Opening ??= opening;

    public void Seat(Guid draw, IEnumerable<Member> members)
    {
        if (DrawId is not null) return;
        DrawId = draw;
        Members.AddRange(members);
    }

    /// <summary>True once, when the last gate has opened.</summary>
    public bool StartIfAllIsThere(DateTimeOffset now)
    {
        if (Stage != EvaluationStage.Waiting || Terms is null || Opening is null || DrawId is null) return false;
        Move(EvaluationStage.Examining);
        StartedAt = now;
        return true;
    }

    /// <summary>Takes one member's confirmation; with the last one the report is drawn and returned.</summary>
    public EvaluationReport? Confirm(Member member, IReadOnlyList<Vote> votes, string? fewBidsReason, IReadOnlyList<BidFacts> bids, DateTimeOffset now)
    {
        Rule.Require(Stage == EvaluationStage.Examining, "not-examining", $"The evaluation is {Words(Stage)}: confirmations are taken while it examines.");
        Rule.Require(Confirmations.All(c => c.Seat != member.Seat), "already-confirmed", "You have confirmed; what was confirmed stands.");
        EveryConfirmation.Add(Confirmation.Of(Round, member.Seat, votes, fewBidsReason, Terms!, bids, now));
        return Confirmations.Count == Members.Count ? DrawReport(bids, now) : null;
    }

    /// <summary>
    /// A bid drops out of the report that is being signed. What the members confirmed on the others stands, and the report is drawn anew from it; but where too few valid bids remain and
    /// nobody has said whether competition does, nothing is returned and the members confirm anew.
    /// </summary>
    public EvaluationReport? BeginAgain(IReadOnlyList<BidFacts> bids, DateTimeOffset now)
    {
        var confirmed = Confirmations;
        var valid = Draw(bids, now).Ranking.Length;
        Move(EvaluationStage.Examining);
        (Round, ReportHash, SignBy, NextDueAt) = (Round + 1, null, null, null);
        if (Confirmation.IsFewBidsReasonMissing(valid, confirmed.Any(c => c.FewBidsReason is not null), Terms!)) return null;
        EveryConfirmation.AddRange(confirmed.Select(c => c.In(Round)));
        return DrawReport(bids, now);
    }

    public void Sign(Member member, byte[] signature, DateTimeOffset now)
    {
        RequireAnswerable(member);
        Rule.Require(member.HasSigned(ReportHash!, signature), "signature-wrong", "This is not your key's signature over the report's SHA-256 (ECDSA P-256, IEEE P1363): sign the report as it is served here.");
        Answer(member.Seat, AnswerKind.Signature, Convert.ToBase64String(signature), null, now);
    }

    /// <summary>A member that disagrees says so in writing; its reason stands with the report, which it does not hold up.</summary>
    public void Refuse(Member member, string reason, DateTimeOffset now)
    {
        RequireAnswerable(member);
        Answer(member.Seat, AnswerKind.Refusal, null, reason, now);
    }

    /// <summary>The time to sign is over: silence counts as agreement and is recorded as what it is.</summary>
    public void CountSilence(DateTimeOffset now)
    {
        Rule.Require(Stage == EvaluationStage.Signing && now >= SignBy, "not-due", "Members still have time to sign.");
        foreach (var silent in Members.Where(m => Answers.All(a => a.Seat != m.Seat)).ToList()) Answer(silent.Seat, AnswerKind.Silence, null, null, now);
    }

    public int Remaining => Members.Count - Answers.Count;

    public void Disclose(DateTimeOffset now) => DisclosedAt ??= now;

    /// <summary>The lot failed: what was not completed ends here, and what there is becomes public.</summary>
    public void Stop(DateTimeOffset now)
    {
        Disclose(now);
        if (IsOver) return;
        Move(EvaluationStage.Stopped);
        NextDueAt = null;
    }

    private EvaluationReport DrawReport(IReadOnlyList<BidFacts> bids, DateTimeOffset now)
    {
        var report = Draw(bids, now);
        // Each member may have left enough bids and their majority too few: then the last one to confirm is asked.
        Confirmation.RequireFewBidsReason(report.Ranking.Length, Confirmations.Any(c => c.FewBidsReason is not null), Terms!);
        Move(EvaluationStage.Signing);
        ReportHash = HexText.Sha256(report.Canonical());
        SignBy = NextDueAt = now + SigningTime;
        return report;
    }

    private EvaluationReport Draw(IReadOnlyList<BidFacts> bids, DateTimeOffset now) => EvaluationReport.Draw(new ReportInputs(TenderId, Id, Terms!, Opening!.RecordHash, DrawId!.Value, [.. bids],
        [.. Members.Select(m => new SeatCommitment(m.Seat, m.Commitment))],
        [.. Confirmations.Select(c => new SeatVotes(c.Seat, c.Votes, c.FewBidsReason, c.ConfirmedAt))], now));

    private void RequireAnswerable(Member member)
    {
        Rule.Require(Stage == EvaluationStage.Signing, "not-signing", $"The evaluation is {Words(Stage)}: the report is signed after all members have confirmed.");
        Rule.Require(Answers.All(a => a.Seat != member.Seat), "already-signed", "You have answered this report.");
    }

    private void Answer(int seat, AnswerKind kind, string? signature, string? reason, DateTimeOffset now)
    {
        EveryAnswer.Add(new ReportAnswer { Round = Round, Seat = seat, Kind = kind, Signature = signature, Reason = reason, At = now });
        if (Remaining > 0) return;
        Move(EvaluationStage.Completed);
        (CompletedAt, NextDueAt) = (now, null);
    }

    private void Move(EvaluationStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"An evaluation that is {Words(Stage)} cannot become {Words(next)}.");
        Stage = next;
    }

    private static string Words(EvaluationStage stage) => stage.ToString().ToLowerInvariant();
}
