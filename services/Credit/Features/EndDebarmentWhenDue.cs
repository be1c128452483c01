using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Credit;
using Tendering.Credit.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>A debarment's period has ended.</summary>
public static class EndDebarmentWhenDue
{
    public static async Task Handle(Guid id, CreditDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var debarment = await db.Debarments.SingleAsync(d => d.Id == id, ct);
        debarment.Expire(now);
        db.Publish(new DebarmentEnded(debarment.Id, debarment.SocialCreditCode, debarment.EndReason!, now), now);
    }
}
