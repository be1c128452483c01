using System.Text;
using Tendering.Client;

namespace Tendering.Bid.Commands;

/// <summary>Saves a tender as it is published: what a machine without a network needs to seal.</summary>
internal static class Notice
{
    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var id = call.Options.Id("--tender");
        using var session = call.Public();
        var bytes = await session.GetBytesAsync($"api/tenders/{id}", ct);
        var tender = PublishedTender.Parse(Encoding.UTF8.GetString(bytes));
        await Package.WriteAsync(call.Options.Get("--out"), Encoding.UTF8.GetString(bytes), ct);
        return new { tender.TenderId, tender.Number, tender.Title, file = call.Options.Get("--out"), lots = tender.Lots };
    }
}
