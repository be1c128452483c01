using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Evaluation;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>
/// A bid was read out and its archive was not opened: there is nothing to evaluate. Before the evaluation is over the bid is out of it, and a report that is drawn is set aside for one
/// without the bid; afterwards the result stands and the fact is told.
/// </summary>
public static class ExcludeOnArchiveNotOpened
{
    public static async Task Handle(Received<ArchiveNotOpened> message, EvaluationDb db, CancellationToken ct)
    {
        var (told, now) = (message.Event, message.Now);
        var evaluation = await KeepFacts.LockOrAddAsync(db, told.TenderId, told.LotId, ct);
        if (await db.UnopenedArchives.FindAsync([told.LotId, told.BidId], ct) is not null) return;
        var fact = new ArchiveFact(told.Verdict, told.Cause, told.Fact, told.Rule, told.Article, told.DecidedAt);
        db.Add(UnopenedArchive.Of(told.LotId, told.BidId, fact, isLate: evaluation.IsOver));
        if (evaluation.Stage == EvaluationStage.Completed)
            db.Publish(new LateFactRecorded(told.TenderId, told.LotId, told.BidId, told.BidderId, told.BidderName, told.Verdict, told.Cause, told.Fact, told.Rule, told.Article, now), now);
        if (evaluation.IsOver) return;
        db.Publish(new BidExcluded(told.TenderId, told.LotId, told.BidId, told.BidderId, told.Verdict, told.Cause, told.Fact, told.Rule, told.Article, now), now);
        if (evaluation.Stage == EvaluationStage.Signing) await SetAsideAsync(db, evaluation, told.BidId, fact, now, ct);
    }

    private static async Task SetAsideAsync(EvaluationDb db, LotEvaluation evaluation, Guid bid, ArchiveFact fact, DateTimeOffset now, CancellationToken ct)
    {
        db.Publish(new ReportSetAside(evaluation.TenderId, evaluation.Id, evaluation.ReportHash!, bid, fact.Rule, fact.Article, now), now);
        var drawn = (await db.ReportAsync(evaluation, ct))!.Read();
        if (evaluation.BeginAgain([.. drawn.Inputs.Bids.Select(b => b.Record.BidId == bid ? b with { Archive = fact } : b)], now) is { } report) ConfirmFindings.Publish(db, evaluation, report, now);
    }
}
