using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>What anybody needs to open a price again and compare: signed manifest, receipt, ciphertext, and the key if it was found. After the record is drawn.</summary>
public static class GetBidProof
{
    public sealed record Response(Guid BidId, string Manifest, string Signature, string Receipt, string? PriceCiphertext, string? PriceKey);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/bids/{bidId:guid}/proof", Handle)
        .AllowEveryone().WithSummary("Signed manifest, price ciphertext and key of a bid in the record");

    private static async Task<Ok<Response>> Handle(Guid lotId, Guid bidId, BidOpeningDb db, [FromKeyedServices(BidOpeningService.Name)] IBlobStore store, CancellationToken ct)
    {
        var bid = (await db.Bids.AsNoTracking().SingleOrDefaultAsync(b => b.Id == bidId && b.LotId == lotId && db.Sessions.Any(s => s.Id == lotId && s.Stage == SessionStage.Completed), ct)).Or404("bid");
        await using var stored = await store.OpenReadAsync(bid.PriceStorageKey, ct);
        return TypedResults.Ok(new Response(bid.Id, bid.Manifest, bid.Signature, bid.Receipt, await ReadAsync(stored, bid.Parsed.Price.Length, ct),
            bid.PriceKey is { } key ? Protocols.Base64UrlText.Encode(key) : null));
    }

    private static async Task<string?> ReadAsync(Stream? stored, long length, CancellationToken ct)
    {
        if (stored is null) return null;
        var content = new byte[length];
        var read = await stored.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, ct);
        return Convert.ToBase64String(content, 0, read);
    }
}
