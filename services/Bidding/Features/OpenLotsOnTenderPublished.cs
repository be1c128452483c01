using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>From the notice on, bids are taken on its lots.</summary>
public static class OpenLotsOnTenderPublished
{
    public static async Task Handle(Received<TenderPublished> message, BiddingDb db, CancellationToken ct)
    {
        var tender = message.Event;
        if (await db.Lots.AnyAsync(l => l.TenderId == tender.TenderId, ct)) return;
        string[] keys = [.. tender.Custodians.OrderBy(c => c.Index).Select(c => c.PublicKey)];
        foreach (var lot in tender.Lots) db.Add(Lot.Open(lot.LotId, tender.TenderId, tender.RuleSet, lot.BidDeadline, tender.Threshold, keys, tender.AgencyId));
    }
}
