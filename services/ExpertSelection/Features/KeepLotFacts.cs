using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>What a draw must know of its lot, gathered as the facts come; a repeated or late one changes nothing.</summary>
public static class KeepLotFacts
{
    public static async Task OnTenderPublished(Received<TenderPublished> message, ExpertSelectionDb db, CancellationToken ct)
    {
        var tender = message.Event;
        foreach (var published in tender.Lots)
        {
            var lot = await FindOrAddAsync(db, tender.TenderId, published.LotId, ct);
            lot.Terms ??= new LotTerms(tender.RuleSet, published.Specialty, published.CommitteeSize, tender.AgencyId, tender.AgencyName, tender.TendererId, tender.TendererName);
        }
    }

    public static async Task OnOpeningCompleted(Received<OpeningCompleted> message, ExpertSelectionDb db, CancellationToken ct)
    {
        var lot = await FindOrAddAsync(db, message.Event.TenderId, message.Event.LotId, ct);
        lot.Bidders ??= [.. message.Event.Bids.Select(b => new Bidder(b.BidderId, b.SocialCreditCode, b.BidderName))];
    }

    public static async Task<Lot> FindOrAddAsync(ExpertSelectionDb db, Guid tender, Guid id, CancellationToken ct)
    {
        if (await db.Lots.FindAsync([id], ct) is { } known) return known;
        var lot = new Lot { Id = id, TenderId = tender };
        db.Add(lot);
        return lot;
    }
}
