using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>Tells everyone once, before any bid, which key checks receipts: whoever has the log needs no word of the platform for it.</summary>
public static class PublishReceiptKeyAtFirstStart
{
    public static async Task Handle(BiddingDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var key = await services.GetRequiredService<ReceiptKey>().PublicAsync(ct);
        if (await db.Database.ExecuteSqlAsync($"insert into receipt_key_published (published_at) values ({now.ToUniversalTime()}) on conflict do nothing", ct) == 0) return;
        db.Publish(new ReceiptKeyPublished(key.Kid, key.X, key.Y, now), now);
    }
}
