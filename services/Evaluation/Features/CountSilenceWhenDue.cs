using Tendering.Evaluation.Data;

namespace Tendering.Evaluation.Features;

/// <summary>The time to sign is over: who kept silent counts as agreeing, and the evaluation is complete.</summary>
public static class CountSilenceWhenDue
{
    public static async Task Handle(Guid id, EvaluationDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var evaluation = (await db.LockAsync(id, ct))!;
        evaluation.CountSilence(now);
        await Committee.PublishCompletionAsync(db, evaluation, now, ct);
    }
}
