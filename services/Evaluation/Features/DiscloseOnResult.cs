using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>With the result the report and its members become public, and go into the record; a lot that failed ends its evaluation.</summary>
public static class DiscloseOnResult
{
    public static Task OnCandidatesPublished(Received<CandidatesPublished> message, EvaluationDb db, CancellationToken ct) => DiscloseAsync(message, db, message.Event.LotId, (evaluation, now) => evaluation.Disclose(now), ct);

    public static Task OnAwardNoticeIssued(Received<AwardNoticeIssued> message, EvaluationDb db, CancellationToken ct) => DiscloseAsync(message, db, message.Event.LotId, (evaluation, now) => evaluation.Disclose(now), ct);

    public static Task OnLotFailed(Received<LotFailed> message, EvaluationDb db, CancellationToken ct) => DiscloseAsync(message, db, message.Event.LotId, (evaluation, now) => evaluation.Stop(now), ct);

    private static async Task DiscloseAsync<T>(Received<T> message, EvaluationDb db, Guid lot, Action<LotEvaluation, DateTimeOffset> disclose, CancellationToken ct) where T : class, ITenderEvent
    {
        var evaluation = await KeepFacts.LockOrAddAsync(db, message.Event.TenderId, lot, ct);
        var first = evaluation.DisclosedAt is null;
        disclose(evaluation, message.Now);
        if (!first || await db.ReportAsync(evaluation, ct) is not { } report) return;
        db.PublishDocument(evaluation.TenderId, "evaluation-report", lot, report.Text, message.Now);
        db.PublishDocument(evaluation.TenderId, "committee", lot, GetReport.CommitteeText(evaluation, message.Services), message.Now);
    }
}
