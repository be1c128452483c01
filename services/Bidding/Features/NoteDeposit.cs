using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Escrow;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On DepositSecured, DepositRefused and DepositReleased: what the bidder is shown, and what the closing list says.</summary>
public static class NoteDeposit
{
    public static async Task HandleSecured(Received<DepositSecured> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Secure();

    public static async Task HandleRefused(Received<DepositRefused> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Refuse(message.Event.Reason);

    // From the release on nothing is held; waiting for the bank's word would wipe a deposit that was paid anew meanwhile.
    public static async Task HandleReleased(Received<DepositReleased> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Release();

    private static async Task<Deposit> FindAsync(BiddingDb db, Guid lot, Guid bidder, CancellationToken ct) =>
        await db.Deposits.FindAsync([lot, bidder], ct) ?? db.Add(new Deposit { LotId = lot, BidderId = bidder }).Entity;
}
