using Tendering.ExpertSelection.Data;

namespace Tendering.ExpertSelection.Features;

/// <summary>The time to reveal, or an expert's time to answer, is over.</summary>
public static class ActOnDrawWhenDue
{
    public static async Task Handle(Guid id, ExpertSelectionDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var draw = (await db.LockDrawAsync(id, ct))!;
        draw.ActWhenDue(now);
        db.PublishWhatHappened(draw, now);
    }
}
