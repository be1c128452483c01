using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>Makes the key of the random function that draws coefficients once, before any tender that asks for a draw, and tells everyone.</summary>
public static class PublishCoefficientKeyAtFirstStart
{
    public static async Task Handle(BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.VrfKeys.AnyAsync(ct)) return;
        var key = VrfKey.Make(services.GetRequiredService<Secrets>(), now);
        db.Add(key);
        db.Publish(new CoefficientKeyPublished(key.Id, key.PublicKey, now), now);
    }
}
