using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>With the result the committee's names become public (法37), a failed lot's too; a draw still under way for it ends.</summary>
public static class DiscloseOnResult
{
    public static Task OnCandidatesPublished(Received<CandidatesPublished> message, ExpertSelectionDb db, CancellationToken ct) =>
        DiscloseAsync(db, message.Event.TenderId, message.Event.LotId, message.Now, ct);

    public static Task OnAwardNoticeIssued(Received<AwardNoticeIssued> message, ExpertSelectionDb db, CancellationToken ct) =>
        DiscloseAsync(db, message.Event.TenderId, message.Event.LotId, message.Now, ct);

    // The draws end before they are published: what was still being revealed is in the text, or nowhere.
    public static async Task OnLotFailed(Received<LotFailed> message, ExpertSelectionDb db, CancellationToken ct)
    {
        var id = message.Event.LotId;
        // Before its draws are looked for: whoever asks for one at this moment comes first, or is told that the lot has failed.
        await db.Database.ExecuteSqlAsync($"select 1 from lot where id = {id} for update", ct);
        (await KeepLotFacts.FindOrAddAsync(db, message.Event.TenderId, id, ct)).FailedAt ??= message.Now;
        foreach (var running in await db.Draws.Where(d => d.LotId == id && d.Stage != DrawStage.Ready && d.Stage != DrawStage.Failed).OrderBy(d => d.Id).Select(d => d.Id).ToListAsync(ct))
        {
            var draw = (await db.LockDrawAsync(running, ct))!;
            if (draw.Stage is DrawStage.Ready or DrawStage.Failed) continue;
            draw.Fail(Draw.LotHasFailed, message.Now);
            db.PublishWhatHappened(draw, message.Now);
        }
        await DiscloseAsync(db, message.Event.TenderId, id, message.Now, ct);
    }

    // Once for each draw of the lot: what was drawn does not change any more.
    private static async Task PublishDrawsAsync(ExpertSelectionDb db, Lot lot, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var draw in await db.Draws.AsNoTracking().AsSplitQuery().Include(d => d.Parties).Include(d => d.Seats).Include(d => d.Log).Where(d => d.LotId == lot.Id).OrderBy(d => d.Id).ToListAsync(ct))
            db.PublishDocument(draw.TenderId, "draw", draw.Id, GetDraw.DrawText(draw), now);
    }

    private static async Task DiscloseAsync(ExpertSelectionDb db, Guid tender, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        var lot = await KeepLotFacts.FindOrAddAsync(db, tender, id, ct);
        if (lot.DisclosedAt is null) await PublishDrawsAsync(db, lot, now, ct);
        lot.DisclosedAt ??= now;
    }
}
