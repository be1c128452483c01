using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>Who was to sign and did not is written down before another takes its place, with its award: the ground for keeping its deposit outlives the award. The lot must be locked.</summary>
public static class AwardLapses
{
    /// <param name="next">Who is named, or has signed; null where the lot failed.</param>
    public static async Task NoteAsync(EscrowDb db, Lot lot, Guid? next, DateTimeOffset at, CancellationToken ct)
    {
        if (lot.LeavesUnsigned(next, at) is { } former && await FindAsync(former) is { } unsigned) unsigned.LetAwardLapse(lot.NoticedAt, lot.ContractDueBy!.Value, at);
        if (next is not null && await FindAsync(next.Value) is { } named) named.ResumeAward();
        // What follows asks the database who waits.
        await db.SaveChangesAsync(ct);

        Task<SubAccount?> FindAsync(Guid bidder) => db.SubAccounts.SingleOrDefaultAsync(s => s.LotId == lot.Id && s.BidderId == bidder, ct);
    }
}
