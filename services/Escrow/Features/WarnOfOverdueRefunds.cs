using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The time for refunds is over and the bank has not confirmed them: told once for all deposits of the lot that are as late.</summary>
public static class WarnOfOverdueRefunds
{
    public static async Task Handle(Guid id, EscrowDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var first = await db.Deposits.AsNoTracking().SingleAsync(d => d.Id == id, ct);
        // Those that another transaction is at work on are told later, if they are still late then.
        var late = await db.Deposits.FromSql($"""
            select * from deposit where lot_id = {first.LotId} and next_due_at <= {now.ToUniversalTime()} and refund_due_by = {first.RefundDueBy!.Value.ToUniversalTime()} for update skip locked
            """).AsNoTracking().Select(d => new { d.Id, Owed = d.Amount - d.Forfeited }).ToListAsync(ct);
        var ids = late.Select(d => d.Id).ToArray();
        await db.Database.ExecuteSqlAsync($"update deposit set next_due_at = null where id = any({ids})", ct);
        db.Publish(new RefundsDelayed(first.TenderId, first.LotId, late.Count, late.Sum(d => d.Owed), first.Currency, first.RefundDueBy!.Value, now), now);
    }
}
