using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>With the result the report and its members become public; a lot that failed ends its evaluation.</summary>
public static class DiscloseOnResult
{
    public static async Task OnCandidatesPublished(Received<CandidatesPublished> message, EvaluationDb db, CancellationToken ct) =>
        (await KeepFacts.LockOrAddAsync(db, message.Event.TenderId, message.Event.LotId, ct)).Disclose(message.Now);

    public static async Task OnAwardNoticeIssued(Received<AwardNoticeIssued> message, EvaluationDb db, CancellationToken ct) =>
        (await KeepFacts.LockOrAddAsync(db, message.Event.TenderId, message.Event.LotId, ct)).Disclose(message.Now);

    public static async Task OnLotFailed(Received<LotFailed> message, EvaluationDb db, CancellationToken ct) =>
        (await KeepFacts.LockOrAddAsync(db, message.Event.TenderId, message.Event.LotId, ct)).Stop(message.Now);
}
