using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// A bidder gets a sub-account for a lot once three facts are known: the lot and its deposit, the bidder's registration, its basic account.
/// They come from three services, in any order; each handler keeps its fact and opens what is complete.
/// </summary>
public static class OpenSubAccount
{
    public static async Task OnTenderPublished(Received<TenderPublished> message, EscrowDb db, CancellationToken ct)
    {
        var tender = message.Event;
        await Books.OpenAsync(db, Chart.SystemAccounts(tender.Currency).ToArray(), message.Now, ct);
        foreach (var published in tender.Lots.OrderBy(l => l.LotId))
        {
            await db.LockLotAsync(published.LotId, ct);
            if (await db.Lots.FindAsync([published.LotId], ct) is not null) continue;
            var lot = new Lot
            {
                Id = published.LotId, TenderId = tender.TenderId, TenderNumber = tender.Number, Number = published.Number, RuleSet = tender.RuleSet, Currency = tender.Currency,
                Deposit = published.Deposit, BidDeadline = published.BidDeadline, TendererName = tender.TendererName, BidValidityDays = tender.DepositTerms?.BidValidityDays,
                LetterKinds = tender.DepositTerms?.LetterKinds ?? [], ExemptionGrounds = [.. tender.DepositTerms?.Exemptions.Select(e => e.Ground) ?? []],
            };
            db.Add(lot);
            foreach (var bidder in await db.SubAccounts.Where(s => s.LotId == lot.Id).OrderBy(s => s.BidderId).ToListAsync(ct)) await OpenWhenKnownAsync(db, bidder, lot, message.Now, ct);
        }
    }

    public static async Task OnBidderRegistered(Received<BidderRegistered> message, EscrowDb db, CancellationToken ct)
    {
        var registered = message.Event;
        await db.LockLotAsync(registered.LotId, ct);
        var bidder = await FindOrAddAsync(db, registered.TenderId, registered.LotId, registered.BidderId, registered.BidderName, ct);
        bidder.RegisteredAt ??= registered.RegisteredAt;
        await OpenWhenKnownAsync(db, bidder, await db.Lots.FindAsync([registered.LotId], ct), message.Now, ct);
    }

    public static async Task OnBasicAccountRegistered(Received<BasicAccountRegistered> message, EscrowDb db, CancellationToken ct)
    {
        var registered = message.Event;
        await LockOrganisationAsync(db, registered.OrganisationId, ct);
        await KeepAsync(db, registered, ct);
        foreach (var bidder in await db.SubAccounts.Where(s => s.BidderId == registered.OrganisationId && s.Number == null).ToListAsync(ct))
            await OpenWhenKnownAsync(db, bidder, await db.Lots.FindAsync([bidder.LotId], ct), message.Now, ct);
    }

    /// <summary>The bidder's place in the lot, made here by whichever fact of it comes first. The lot must be locked.</summary>
    public static async Task<SubAccount> FindOrAddAsync(EscrowDb db, Guid tenderId, Guid lotId, Guid bidderId, string bidderName, CancellationToken ct)
    {
        if (await db.SubAccounts.SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == bidderId, ct) is { } known) return known;
        var bidder = new SubAccount { TenderId = tenderId, LotId = lotId, BidderId = bidderId, BidderName = bidderName };
        db.Add(bidder);
        return bidder;
    }

    private static async Task KeepAsync(EscrowDb db, BasicAccountRegistered registered, CancellationToken ct)
    {
        var basic = await db.BasicAccounts.FindAsync([registered.OrganisationId], ct);
        if (basic is null)
            db.Add(new BasicAccount { Id = registered.OrganisationId, Number = registered.AccountNumber, Name = registered.AccountName, RegisteredAt = registered.RegisteredAt });
        else if (registered.RegisteredAt > basic.RegisteredAt)
            (basic.Number, basic.Name, basic.RegisteredAt) = (registered.AccountNumber, registered.AccountName, registered.RegisteredAt);
    }

    // Two facts that commit at the same moment would each miss the other: the organisation is locked before its account is looked for.
    private static async Task OpenWhenKnownAsync(EscrowDb db, SubAccount bidder, Lot? lot, DateTimeOffset now, CancellationToken ct)
    {
        await LockOrganisationAsync(db, bidder.BidderId, ct);
        if (!bidder.MayOpen(lot, await db.BasicAccounts.FindAsync([bidder.BidderId], ct))) return;
        await Books.OpenAsync(db, [bidder.Open(lot!, VirtualAccountNumber.New(), now)], now, ct);
    }

    private static Task LockOrganisationAsync(EscrowDb db, Guid organisation, CancellationToken ct) => db.LockAsync($"organisation:{organisation}", ct: ct);
}
