using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The moments of an opening: its start, the end of the custodians' time, the end of the bidders' time. The due loop holds the session's row.</summary>
public static class ContinueOpeningWhenDue
{
    public static async Task Handle(Guid id, BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var session = await db.Sessions.SingleAsync(s => s.Id == id, ct);
        if (session.Stage == SessionStage.Waiting)
        {
            await StartAsync(session, db, now, ct);
            return;
        }
        var opening = await PublicOpening.LoadAsync(session, db, services.GetRequiredService<IBlobStore>(), now, ct);
        var isLast = session.RecoveryDueBy <= now;
        session.WaitForLimit(now);
        await opening.OpenWhatHasSharesAsync(ct);
        if (isLast) await opening.EndAsync(ct);
        await opening.CompleteIfDecidedAsync(ct);
    }

    // Too few bidders: nothing is opened and nothing is told of who or how many there were.
    private static async Task StartAsync(OpeningSession session, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        var bids = await db.Bids.CountAsync(b => b.LotId == session.Id, ct);
        session.Start(bids, now);
        if (session.Stage == SessionStage.Opening)
            db.Publish(new OpeningStarted(session.TenderId, session.Id, bids, session.ClosingListHash!, now, session.SharesDueBy!.Value), now);
    }
}
