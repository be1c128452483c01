using System.Text;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>The second, independent way: when custodians fail, the bidder releases the keys of its own bid.</summary>
internal static class Recover
{
    private sealed record Kept(Guid BidId, string Manifest);

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var path = Receipts.PathOf(call.Options);
        using var recovery = await KeyFiles.ReadAsync(call.Options.Get("--recovery-key"), call.Secrets, ct);
        using var session = await call.SignInAsync(ct);
        var kept = await session.GetAsync<Kept>(path, ct);
        var manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(kept.Manifest));
        var keys = new { price = KeyOf(manifest, SealedPart.Price, recovery), files = KeyOf(manifest, SealedPart.Files, recovery) };
        var answer = await session.PostAsync<JsonObject>($"api/bid-opening/lots/{manifest.Lot}/bids/{kept.BidId}/recovery", new { keys }, ct);
        answer["bidId"] = kept.BidId;
        return answer;
    }

    private static string KeyOf(BidManifest manifest, string part, CustodianKey recovery) => Base64UrlText.Encode(BidOpener.OpenRecoveryCopy(manifest, part, recovery));
}
