using Tendering.Contracts;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>What the members' features share: who is a member, and what follows from the last answer to the report.</summary>
internal static class Committee
{
    public static Member? Find(LotEvaluation evaluation, Caller caller) =>
        caller.Is(Roles.Expert) && caller.PersonId is { } person ? evaluation.Members.SingleOrDefault(m => m.PersonId == person) : null;

    /// <summary>To an expert who does not sit on it there is no such lot.</summary>
    public static async Task<(LotEvaluation Evaluation, Member Member)> LockAsync(EvaluationDb db, Guid lot, Caller caller, CancellationToken ct)
    {
        var evaluation = (await db.LockAsync(lot, ct)).Or404("lot");
        return (evaluation, Find(evaluation, caller).Or404("lot"));
    }

    public static async Task PublishCompletionAsync(EvaluationDb db, LotEvaluation evaluation, DateTimeOffset now, CancellationToken ct)
    {
        if (evaluation.Stage != EvaluationStage.Completed) return;
        var report = (await db.ReportAsync(evaluation, ct))!.Read();
        db.Publish(new EvaluationCompleted(evaluation.TenderId, evaluation.Id, evaluation.ReportHash!,
            [.. report.Candidates.Select(c => new Candidate(c.Rank, c.BidId, c.BidderId, c.BidderName, c.Price, evaluation.Terms!.Currency))], now), now);
    }
}
