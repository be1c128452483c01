using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The notice says when each lot is opened, by whose shares, under which law.</summary>
public static class AnnounceOpeningsOnTenderPublished
{
    public static async Task Handle(Received<TenderPublished> message, BidOpeningDb db, CancellationToken ct)
    {
        var tender = message.Event;
        Custodian[] custodians = [.. tender.Custodians.Select(c => new Custodian(c.Index, c.OrganisationId, c.OrganisationName))];
        foreach (var lot in tender.Lots)
        {
            var session = await db.LockSessionAsync(lot.LotId, ct) ?? db.Add(new OpeningSession { Id = lot.LotId, TenderId = tender.TenderId }).Entity;
            session.Announce(new OpeningNotice(tender.Number, tender.Title, lot.Number, lot.Title, tender.RuleSet, tender.Currency, tender.TendererName, tender.AgencyName, tender.Threshold,
                custodians, lot.OpeningAt, lot.OpeningMinutes, lot.MinimumBidders, tender.AgencyId, Candidates(lot)), lot.Coefficients is null ? null : await KeyAsync(db, ct));
        }
    }

    private static CandidateValues[]? Candidates(PublishedLot lot) => lot.Coefficients is { } coefficients ? [.. coefficients.Select(c => new CandidateValues(c.Name, c.Values))] : null;

    // The key is bound now, long before the closing list that it will be asked about.
    private static async Task<string> KeyAsync(BidOpeningDb db, CancellationToken ct) =>
        (await db.VrfKeys.AsNoTracking().OrderByDescending(k => k.PublishedAt).FirstOrDefaultAsync(ct))?.PublicKey ?? throw new InvalidOperationException("The key for coefficients is not there yet.");
}
