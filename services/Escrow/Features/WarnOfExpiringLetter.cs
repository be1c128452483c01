using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A letter comes to its end while its bid still binds (a procedure may last longer than the documents foresaw): told before, and told again when it has ended.</summary>
public static class WarnOfExpiringLetter
{
    public static async Task Handle(Guid id, EscrowDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var letter = await db.GuaranteeLetters.SingleAsync(l => l.Id == id, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == letter.LotId, ct);
        var hasExpired = letter.Warn(lot, now);
        db.Publish(new GuaranteeLetterExpiryWarned(letter.TenderId, letter.LotId, letter.BidderId, letter.Id, letter.ValidThrough, hasExpired, now), now);
    }
}
