using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>The time-out of a hold has come: it ends by a further transfer, unless it was posted or voided in time.</summary>
public static class ExpireHold
{
    public static async Task Handle(Guid id, EscrowDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var verdict = (await Books.BookAsync(db, [Transfer.Expire(IdOf(id), id, TransferCodes.Expired, $"{id}")], now, ct))[0];
        if (verdict.Refusal is not (null or Refusals.PendingPosted or Refusals.PendingVoided)) throw new InvalidOperationException($"The hold {id} could not expire: {verdict.Refusal}.");
        await db.Database.ExecuteSqlAsync($"delete from hold_due where id = {id}", ct);
    }

    public static Guid IdOf(Guid hold) => DerivedId.Of($"expire:{hold}");
}
