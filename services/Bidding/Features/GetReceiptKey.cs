using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Bidding.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The public key that checks receipts.</summary>
public static class GetReceiptKey
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/receipt-key", Handle).AllowEveryone().WithSummary("The key that checks receipts, as a JWK");

    private static async Task<Ok<ReceiptKey.Jwk>> Handle(ReceiptKey key, CancellationToken ct) => TypedResults.Ok(await key.PublicAsync(ct));
}
