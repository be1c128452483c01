using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// The deadline has come: the bids that stand are fixed in order of submission. The due loop holds the lot's row for update, so every
/// submission that shared its lock has committed, and every later one finds the lot closed. A node whose clock cannot be trusted closes nothing: it could be early, and
/// right after an outage it could not tell yet that there was one.
/// </summary>
public static class CloseBiddingAtDeadline
{
    public static async Task Handle(Guid id, BiddingDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        now = Moment.Of(now);
        var lot = await db.Lots.SingleAsync(l => l.Id == id, ct);
        if (!services.GetRequiredService<NodeClock>().IsInStep) throw new InvalidOperationException("This node's clock is not known to agree with the database's: it closes no bidding.");
        // The outage that has just ended is noted first: it may be why bids are missing.
        var watch = services.GetRequiredService<OutageWatch>();
        await watch.BeatAsync(ct);
        // One that came while another was being decided on has not been proposed yet.
        await watch.ProposeAsync(db, [lot], now, ct);
        await db.SaveChangesAsync(ct);
        var undecided = await db.Extensions.AsNoTracking().Where(e => e.LotId == id && e.DecidedAt == null && e.HeldUntil > now).ToListAsync(ct);
        if (undecided.Count > 0)
        {
            lot.Hold(undecided.Max(e => e.HeldUntil));
            return;
        }
        var standing = await (
            from s in db.Standings
            join bid in db.Bids on s.BidId equals bid.Id
            join organisation in db.Organisations on bid.BidderId equals organisation.Id
            where s.LotId == id
            orderby bid.SubmittedAt, bid.Position
            select new { bid, organisation }).AsNoTracking().ToListAsync(ct);
        var secured = await db.Deposits.Where(d => d.LotId == id && d.State == DepositState.Secured).Select(d => d.BidderId).ToHashSetAsync(ct);

        var bids = standing.Select(s => new ClosedBid(
            s.bid.Id, s.bid.BidderId, s.organisation.Name, s.organisation.SocialCreditCode, s.bid.Revision, s.bid.ManifestHash, s.bid.Manifest, Convert.ToBase64String(s.bid.Signature),
            Upload.KeyOf(s.bid.PriceUpload), Upload.KeyOf(s.bid.FilesUpload), s.bid.Receipt, secured.Contains(s.bid.BidderId), s.bid.SubmittedAt)).ToArray();
        lot.Close(bids.Select(b => new ClosingEntry(b.BidId, b.ManifestHash)), now);
        db.Publish(new BiddingClosed(lot.TenderId, id, lot.ClosingListHash!, now), now);
        db.Publish(new ClosingListDrawn(lot.TenderId, id, lot.ClosingListHash!, bids, now), now);
    }
}
