using System.Text;
using System.Text.Json;
using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Fetches the platform's proof of what it took, and believes it only with the platform's signature and for this very bid.</summary>
internal static class Receipts
{
    private sealed record Kept(Guid BidId, string Receipt, string Manifest);

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var path = PathOf(call.Options);
        using var session = await call.SignInAsync(ct);
        var kept = await session.GetAsync<Kept>(path, ct);
        var manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(kept.Manifest));
        await Package.WriteAsync(call.Options.Get("--out"), kept.Receipt, ct);
        var claims = await RequireAsync(call, session, kept.Receipt, manifest, ct);
        return new { kept.BidId, receipt = call.Options.Get("--out"), claims.ManifestHash, claims.Revision, claims.Time, logSize = await ProveAsync(call, session, claims, ct) };
    }

    // The size of the log under whose checkpoint the submission was proved, where a proof is asked for.
    private static async Task<long?> ProveAsync(Call call, Session session, ReceiptClaims claims, CancellationToken ct)
    {
        if (call.Options.Find("--proof") is not { } file) return null;
        var policy = call.Options.Find("--log-policy") is { } kept ? LogPolicy.Parse(await KeyFiles.ReadTextAsync(kept, ct)) : await ReceiptProofs.FetchPolicyAsync(session, ct);
        var proof = await ReceiptProofs.FetchAsync(session, claims.Bid, ct);
        await Package.WriteAsync(file, proof, ct);
        return ReceiptProof.Check(proof, claims, policy).Size;
    }

    /// <summary>Where the last receipt of --lot is, or that of --revision.</summary>
    public static string PathOf(Options options) => $"api/bidding/lots/{options.Id("--lot")}/receipt{(options.Number("--revision") is { } revision ? $"?revision={revision}" : "")}";

    /// <summary>The receipt's claims; another signature or another bid than the manifest's is refused. With --receipt-key the key is one that was kept earlier.</summary>
    public static async Task<ReceiptClaims> RequireAsync(Call call, Session session, string receipt, BidManifest manifest, CancellationToken ct)
    {
        var key = call.Options.Find("--receipt-key") is { } file ? ReadKey(await KeyFiles.ReadTextAsync(file, ct)) : await ReceiptKey.FetchAsync(session, ct);
        var claims = key.Verify(receipt) ?? throw new UnfitException("receipt.signature", "The receipt's signature is not the platform's: keep it, and complain.");
        return (claims.Tender, claims.Lot, claims.Bidder, claims.Revision, claims.ManifestHash) == (manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, manifest.Hash())
            ? claims
            : throw new UnfitException("receipt.other-bid", "The receipt is for another bid than the one that was sent: keep it, and complain.");
    }

    private static ReceiptKey ReadKey(string json)
    {
        try { return JsonSerializer.Deserialize<ReceiptKey>(json, JsonSerializerOptions.Web) ?? throw new JsonException("null"); }
        catch (JsonException) { throw new UnfitException("receipt-key", "The receipt key is not a JWK as the platform publishes it."); }
    }
}
