using Tendering.Contracts.Evaluation;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The committee has signed its report: its ranking waits for the agency to publish it, and without a candidate the lot fails.</summary>
public static class RankLotOnEvaluationCompleted
{
    public static async Task Handle(Received<EvaluationCompleted> message, TendersDb db, CancellationToken ct)
    {
        var evaluation = message.Event;
        var tender = (await db.LockAsync(evaluation.TenderId, ct)).Or404("tender");
        var lot = tender.LotOf(evaluation.LotId);
        if (lot.NoteEvaluation(evaluation.ReportHash, evaluation.Candidates, evaluation.CompletedAt, tender.Rules, message.Now)) db.PublishFailure(tender, lot);
    }
}
