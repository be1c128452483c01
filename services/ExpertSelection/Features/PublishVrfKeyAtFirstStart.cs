using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.ExpertSelection;
using Tendering.ExpertSelection.Data;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>Makes the key of the draws' random function once, long before any draw, and tells everyone.</summary>
public static class PublishVrfKeyAtFirstStart
{
    public static async Task Handle(ExpertSelectionDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.VrfKeys.AnyAsync(ct)) return;
        var key = VrfKey.Make(services.GetRequiredService<Secrets>(), now);
        db.Add(key);
        db.Publish(new VrfKeyPublished(key.Id, key.PublicKey, now), now);
    }
}
