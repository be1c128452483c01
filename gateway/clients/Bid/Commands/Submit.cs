using System.Text;
using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid.Commands;

/// <summary>Submits an uploaded package. Run again after a lost answer it gets the same receipt: the manifest is its own idempotency key.</summary>
internal static class Submit
{
    private sealed record Submitted(Guid BidId, string Receipt);

    public static async Task<object> RunAsync(Call call, CancellationToken ct)
    {
        var package = Package.At(call.Options.Get("--package"));
        var canonical = await File.ReadAllBytesAsync(package.ManifestFile, ct);
        var manifest = BidManifest.Parse(canonical);
        var uploads = (await package.ReadUploadsAsync(call.Gateway, manifest.Hash(), ct)).Uploads;
        if (SealedPart.All.Any(part => !uploads.ContainsKey(part))) throw new UnfitException("package.not-uploaded", "Upload the package first: 'bid upload'.");
        var signature = Convert.ToBase64String(await File.ReadAllBytesAsync(package.SignatureFile, ct));
        using var session = await call.SignInAsync(ct);
        var submitted = await session.PostAsync<Submitted>($"api/bidding/lots/{manifest.Lot}/bids",
            new { manifest = Encoding.UTF8.GetString(canonical), signature, priceUpload = uploads[SealedPart.Price], filesUpload = uploads[SealedPart.Files] }, ct);
        // Kept before it is judged: a receipt that does not fit is evidence too.
        await Package.WriteAsync(package.ReceiptFile, submitted.Receipt, ct);
        var claims = await Receipts.RequireAsync(call, session, submitted.Receipt, manifest, ct);
        return new { submitted.BidId, receipt = package.ReceiptFile, claims.ManifestHash, claims.Revision, claims.Time };
    }
}
