using Tendering.Bidding.Data;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On DeadlineMoved: bids are taken until the new deadline. Where the lot was closed already nothing is opened again; the event is parked, which raises an alarm.</summary>
public static class MoveDeadlineOnDeadlineMoved
{
    public static async Task Handle(Received<DeadlineMoved> message, BiddingDb db, CancellationToken ct)
    {
        var lot = await db.LockLotAsync(message.Event.LotId, ct);
        // What an outage moved was moved here first.
        if (message.Event.To > lot.BidDeadline) lot.MoveDeadline(message.Event.To, message.Now);
    }
}
