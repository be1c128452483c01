using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>An evaluation: all of it to its members, its stage to others who are signed in, nothing to an expert who does not sit on it.</summary>
public static class GetEvaluation
{
    /// <param name="Ranking">As it follows from the proposal; once the report is drawn, as the committee decided.</param>
    /// <param name="Round">From 1; a later one began where a bid dropped out of a report that was being signed.</param>
    /// <param name="LateFacts">To the agency and supervisors: bids whose archives turned out not to be opened when the evaluation was complete. Its result stands.</param>
    /// <param name="Signatures">How many members have signed so far; what each seat answered is in <paramref name="Answers"/>.</param>
    public sealed record Response(
        Guid LotId, Guid TenderId, EvaluationStage Stage, int? Seat = null, int? Members = null, int? Confirmed = null, bool? HasConfirmed = null, string? Currency = null,
        BidItem[]? Bids = null, RankedBid[]? Ranking = null, string? ReportHash = null, DateTimeOffset? SignBy = null, int? Signatures = null, AnswerItem[]? Answers = null, int? Round = null, LateFact[]? LateFacts = null);

    public sealed record BidItem(Guid BidId, Guid BidderId, string BidderName, long? Price, string? Verdict, Finding[] Findings);
    public sealed record LateFact(Guid BidId, Guid BidderId, string BidderName, string Verdict, string Cause, string Fact, string Rule, string Article, DateTimeOffset DecidedAt);
    public sealed record AnswerItem(int Seat, AnswerKind Kind, DateTimeOffset At);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}", Handle)
        .AllowSignedIn().WithSummary("The evaluation of a lot").WithDescription("Members of the committee see the bids and what the examination finds; everybody else the stage.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, EvaluationDb db, TimeProvider clock, CancellationToken ct)
    {
        var evaluation = (await db.LoadAsync(lotId, ct)).Or404("lot");
        var member = Committee.Find(evaluation, caller);
        if (member is null && caller.Is(Roles.Expert)) throw new NotFoundException("lot");
        var view = new Response(evaluation.Id, evaluation.TenderId, evaluation.Stage);
        if (member is null) return TypedResults.Ok(caller.Is(Roles.Agency) || caller.Is(Roles.Supervisor) ? view with { LateFacts = await LateFactsAsync(evaluation, db, ct) } : view);
        view = view with
        {
            Seat = member.Seat, Round = evaluation.Round, Members = evaluation.Members.Count, Confirmed = evaluation.Confirmations.Count, HasConfirmed = evaluation.Confirmations.Any(c => c.Seat == member.Seat),
            Currency = evaluation.Terms?.Currency, ReportHash = evaluation.ReportHash, SignBy = evaluation.SignBy,
            Signatures = evaluation.Answers.Count(a => a.Kind == AnswerKind.Signature),
            Answers = [.. evaluation.Answers.OrderBy(a => a.Seat).Select(a => new AnswerItem(a.Seat, a.Kind, a.At))],
        };
        return TypedResults.Ok(evaluation.StartedAt is null ? view with { Bids = [], Ranking = [] } : await WithBidsAsync(view, evaluation, db, clock.GetUtcNow(), ct));
    }

    private static async Task<LateFact[]?> LateFactsAsync(LotEvaluation evaluation, EvaluationDb db, CancellationToken ct)
    {
        var late = await db.UnopenedArchives.AsNoTracking().Where(a => a.LotId == evaluation.Id && a.IsLate).OrderBy(a => a.DecidedAt).ThenBy(a => a.BidId).ToListAsync(ct);
        return late.Count == 0 ? null
            : [.. late.Join(evaluation.Opening?.Bids ?? [], a => a.BidId, b => b.BidId, (a, b) => new LateFact(b.BidId, b.BidderId, b.BidderName, a.Verdict, a.Cause, a.Fact, a.Rule, a.Article, a.DecidedAt))];
    }

    private static async Task<Response> WithBidsAsync(Response view, LotEvaluation evaluation, EvaluationDb db, DateTimeOffset now, CancellationToken ct)
    {
        var report = evaluation.ReportHash is null ? null : (await db.ReportAsync(evaluation, ct))!.Read();
        var facts = report?.Inputs.Bids ?? await db.FactsAsync(evaluation, now, ct);
        BidItem[] bids = [.. facts.Select(b => new BidItem(b.Record.BidId, b.Record.BidderId, b.Record.BidderName, b.Record.Price, b.Record.Verdict ?? b.Archive?.Verdict, PreliminaryExamination.Examine(evaluation.Terms!, b)))];
        var standing = facts.Select(b => b.Record).Where(b => bids.Single(i => i.BidId == b.BidId).Findings.Length == 0);
        return view with { Bids = bids, Ranking = report?.Ranking ?? Ranking.Of(standing) };
    }
}
