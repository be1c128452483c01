using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// The moments of an opening: its start, reminders, the end of the custodians' time, of the bidders' time, of the time for objections, signatures and answers.
/// The due loop holds the session's row.
/// </summary>
public static class ContinueOpeningWhenDue
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(30);

    public static async Task Handle(Guid id, BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var session = await db.Sessions.SingleAsync(s => s.Id == id, ct);
        var opening = await PublicOpening.LoadAsync(session, db, services.GetRequiredService<OpeningMeans>(), now, ct);
        if (session.Stage == SessionStage.Confirming) await opening.CompleteIfConfirmedAsync(ct);
        else if (opening.StoredHash != session.ClosingListHash) StandStill(session, opening.StoredHash, db, now);
        else if (session.Stage == SessionStage.Waiting && await services.GetRequiredService<MeasureOffset>()(ct) > DatabaseClock.DifferenceMax) throw new InvalidOperationException("This node's clock differs from the database's: it starts no opening.");
        else if (session.Stage == SessionStage.Waiting) await StartAsync(session, opening, db, now, ct);
        else await ContinueAsync(session, opening, db, now, ct);
    }

    private static void StandStill(OpeningSession session, string storedHash, BidOpeningDb db, DateTimeOffset now)
    {
        if (session.StandStill(now + LookAgainAfter)) db.Publish(new ClosingListDiffers(session.TenderId, session.Id, session.ClosingListHash!, storedHash, now), now);
    }

    // Too few bidders: nothing is opened and nothing is told of who or how many there were.
    private static async Task StartAsync(OpeningSession session, PublicOpening opening, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        session.Start(opening.Bids.Count, now);
        if (session.Stage != SessionStage.Opening) return;
        db.Tell(session, new OpeningStarted(session.TenderId, session.Id, opening.Bids.Count, session.ClosingListHash!, now, session.SharesDueBy!.Value), now);
        foreach (var present in await db.Attendance.Where(a => a.LotId == session.Id).OrderBy(a => a.SignedInAt).ThenBy(a => a.OrganisationId).ToListAsync(ct))
        {
            if (present.Party == Party.Bidder) present.OrganisationName = opening.Bids.FirstOrDefault(b => b.BidderId == present.OrganisationId)?.BidderName;
            if (present.OrganisationName is not null) SignIn.Tell(db, session, present, now);
        }
        await db.SaveChangesAsync(ct);
        opening.DecideChangedManifests();
        await opening.AnnounceIfDecidedAsync(ct);
    }

    private static async Task ContinueAsync(OpeningSession session, PublicOpening opening, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        var isLast = session.RecoveryDueBy <= now;
        var passed = session.PassTime(now);
        await opening.OpenWhatHasSharesAsync(ct);
        if (isLast) await opening.EndAsync(ct);
        var still = opening.Bids.Count(b => b.Stage == BidStage.Sealed);
        if (still > 0 && passed == TimePassed.Reminder)
            db.Tell(session, new OpeningReminded(session.TenderId, session.Id, session.RecoveryDueBy is null ? "custodians" : "bidders", await opening.MissingCustodiansAsync(ct), still,
                session.RecoveryDueBy ?? session.SharesDueBy!.Value, now), now);
        if (still > 0 && passed == TimePassed.RecoveryAsked)
            db.Tell(session, new RecoveryAsked(session.TenderId, session.Id, await opening.MissingCustodiansAsync(ct), still, session.RecoveryDueBy!.Value, now), now);
        await opening.AnnounceIfDecidedAsync(ct);
    }
}
