using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>How a bid may be secured: by a payment, a verified letter or an exemption, once.</summary>
public static class Securing
{
    public const string Letter = "guarantee-letter", Exempt = "exemption";

    public static async Task<bool> IsSecuredAsync(EscrowDb db, Guid subAccountId, CancellationToken ct) =>
        await db.Deposits.AnyAsync(d => d.SubAccountId == subAccountId && d.Stage == DepositStage.Secured, ct)
        || await db.GuaranteeLetters.AnyAsync(l => l.SubAccountId == subAccountId && l.Stage == LetterStage.Verified, ct)
        || await db.Exemptions.AnyAsync(e => e.SubAccountId == subAccountId, ct);

    /// <summary>Those of the sub-accounts whose bids are secured.</summary>
    public static async Task<HashSet<Guid>> SecuredAsync(EscrowDb db, Guid[] subAccounts, CancellationToken ct) =>
    [
        .. await db.Deposits.Where(d => subAccounts.Contains(d.SubAccountId) && d.Stage == DepositStage.Secured).Select(d => d.SubAccountId).ToListAsync(ct),
        .. await db.GuaranteeLetters.Where(l => subAccounts.Contains(l.SubAccountId) && l.Stage == LetterStage.Verified).Select(l => l.SubAccountId).ToListAsync(ct),
        .. await db.Exemptions.Where(e => subAccounts.Contains(e.SubAccountId)).Select(e => e.SubAccountId).ToListAsync(ct),
    ];

    /// <summary>The bidder's registered place in the lot, locked, so that no other security comes meanwhile; null if it is not registered.</summary>
    public static Task<SubAccount?> LockBidderAsync(EscrowDb db, Guid lotId, Guid bidderId, CancellationToken ct) =>
        db.SubAccounts.FromSql($"select * from sub_account where lot_id = {lotId} and bidder_id = {bidderId} and registered_at is not null for update").SingleOrDefaultAsync(ct);
}
