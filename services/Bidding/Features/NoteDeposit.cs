using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts.Escrow;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>On DepositSecured, DepositRefused and DepositRefunded: what the bidder is shown, and what the closing list says.</summary>
public static class NoteDeposit
{
    public static async Task HandleSecured(Received<DepositSecured> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Secure();

    public static async Task HandleRefused(Received<DepositRefused> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Refuse(message.Event.Reason);

    public static async Task HandleRefunded(Received<DepositRefunded> message, BiddingDb db, CancellationToken ct) =>
        (await FindAsync(db, message.Event.LotId, message.Event.BidderId, ct)).Refund();

    private static async Task<Deposit> FindAsync(BiddingDb db, Guid lot, Guid bidder, CancellationToken ct) =>
        await db.Deposits.FindAsync([lot, bidder], ct) ?? db.Add(new Deposit { LotId = lot, BidderId = bidder }).Entity;
}
