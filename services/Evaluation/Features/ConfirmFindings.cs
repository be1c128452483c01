using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Evaluation;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>A member decides on every bid; when all members have, their majority decides and the report is drawn.</summary>
public static class ConfirmFindings
{
    public const int FindingsMax = 1_000;

    public sealed record Request([property: Required, MaxLength(FindingsMax)] Item[] Findings, [property: StringLength(2000)] string? FewBidsReason = null);

    public sealed record Item(Guid BidId, bool Accepted, [property: StringLength(Ground.CodeMax)] string? Ground = null, [property: StringLength(2000)] string? Explanation = null);

    public sealed record Response(EvaluationStage Stage, int Confirmed, int Members, string? ReportHash);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/confirmation", Handle)
        .AllowRoles(Roles.Expert).Idempotent<EvaluationDb>().WithSummary("Confirm the findings on every bid")
        .WithDescription("Who differs from the examination explains in writing. What is confirmed stands; dissents are recorded in the report.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, EvaluationDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (evaluation, member) = await Committee.LockAsync(db, lotId, caller, ct);
        var facts = evaluation.StartedAt is null ? [] : await db.FactsAsync(evaluation, now, ct);
        var report = evaluation.Confirm(member, [.. request.Findings.Select(f => new Vote(f.BidId, f.Accepted, f.Ground, f.Explanation))], request.FewBidsReason, facts, now);
        if (report is not null) Publish(db, evaluation, report, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(evaluation.Stage, evaluation.Confirmations.Count, evaluation.Members.Count, evaluation.ReportHash));
    }

    internal static void Publish(EvaluationDb db, LotEvaluation evaluation, EvaluationReport report, DateTimeOffset now)
    {
        db.Add(new DrawnReport { LotId = evaluation.Id, Round = evaluation.Round, Text = Encoding.UTF8.GetString(report.Canonical()) });
        // A bid that was not opened was never before the committee: bid-opening has told of it, with its cause.
        foreach (var bid in report.Bids.Where(b => b.Outcome == BidConclusion.Rejected))
            db.Publish(new BidRejected(evaluation.TenderId, evaluation.Id, bid.BidId, report.Inputs.Bids.Single(b => b.Record.BidId == bid.BidId).Record.BidderId,
                bid.Ground!, bid.Explanation!, bid.Rule!, bid.Article!, now, evaluation.ReportHash), now);
    }
}
