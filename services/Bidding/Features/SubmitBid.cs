using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// Takes a sealed bid. All cryptography is checked before the database is asked; then one transaction shares a lock with the closing,
/// so no bid is taken after the closing list is drawn and none taken is missing from it.
/// </summary>
public static class SubmitBid
{
    public const int SignatureTextMax = (BidSignature.BytesMax * 4 / 3) + 4;

    public sealed record Request(
        [property: StringLength(BidManifest.BytesMax, MinimumLength = 1)] string Manifest, [property: StringLength(SignatureTextMax)] string? Signature,
        Guid? PriceUpload, Guid? FilesUpload);

    public sealed record Response(Guid BidId, string Receipt);

    // The manifest is its own idempotency key: a bidder's revision can be taken only once, and while the bid stands the same manifest again gets the same receipt, also
    // after the deadline.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/bids", Handle)
        .AllowRoles(Roles.Bidder).ProducesProblem(409).WithMetadata(new RequestSizeLimitAttribute(BidManifest.BytesMax * 4))
        .WithSummary("Submit a sealed bid").WithDescription("Answers at once with a signed receipt. The same manifest again gives the same answer.");

    private static async Task<CreatedWhole<Response>> Handle(Guid lotId, Request request, Caller caller, Known known, Intake intake, NodeClock node, IServiceProvider services, TimeProvider clock, CancellationToken ct)
    {
        node.RequireInStep();
        var now = clock.GetUtcNow();
        var lot = await known.LotAsync(lotId, now, ct);
        try
        {
            lot.RequireInTime(now, "late-bid", "no bid is taken after it.");
            var text = Encoding.UTF8.GetBytes(request.Manifest);
            var manifest = Submission.Read(lot, caller.Organisation, text);
            var signature = Decode(request.Signature);
            var check = await known.CheckSignatureAsync(caller.Organisation, text, signature, now, ct);
            Submission.RequireSigned(lot, check.Verdict, check.IsOwn, check.Revocation);
            return Answer(await intake.TakeAsync(new Candidate(lot, manifest, request.Manifest, HexText.Sha256(text), signature, check.Signer!.Thumbprint,
                RevocationList.Normal(check.Signer.Certificate.SerialNumber), request.PriceUpload ?? Guid.Empty, request.FilesUpload ?? Guid.Empty, caller), ct));
        }
        catch (RuleBrokenException e) when (e.Code is "late-bid" or "revision")
        {
            if (await RepeatedAsync(services.GetRequiredService<BiddingDb>(), lotId, caller.Organisation, request.Manifest, ct) is { } taken) return Answer(taken);
            throw;
        }
    }

    private static async Task<Bid?> RepeatedAsync(BiddingDb db, Guid lot, Guid bidder, string manifest, CancellationToken ct)
    {
        var hash = HashOf(manifest);
        return await db.Bids.AsNoTracking().SingleOrDefaultAsync(
            b => b.LotId == lot && b.BidderId == bidder && b.ManifestHash == hash && db.Standings.Any(s => s.LotId == lot && s.BidderId == bidder && s.BidId == b.Id), ct);
    }

    private static CreatedWhole<Response> Answer(Bid bid) => new($"/api/bidding/lots/{bid.LotId}/receipt", new Response(bid.Id, bid.Receipt));

    // A manifest that was read is canonical: its text is what is hashed.
    private static string HashOf(string manifest) => HexText.Sha256(Encoding.UTF8.GetBytes(manifest));

    private static byte[] Decode(string? base64)
    {
        var bytes = new byte[(base64?.Length ?? 0) / 4 * 3];
        return Convert.TryFromBase64String(base64 ?? "", bytes, out var length) ? bytes[..length] : [];
    }
}
