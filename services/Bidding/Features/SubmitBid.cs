using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
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

    private static async Task<Created<Response>> Handle(
        Guid lotId, Request request, Caller caller, Known known, Intake intake, NodeClock node, ReceiptKey receipts, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        node.RequireInStep();
        var lot = await known.LotAsync(lotId, ct);
        try
        {
            lot.RequireInTime(clock.GetUtcNow(), "late-bid", "no bid is taken after it.");
            var manifest = Submission.Read(lot, caller.Organisation, request.Manifest);
            var signature = Decode(request.Signature);
            var (check, isOwn) = await known.CheckSignatureAsync(caller.Organisation, manifest, signature, clock.GetUtcNow(), ct);
            Submission.RequireSigned(lot, check.Verdict, isOwn);
            return Answer(await TakeAsync(lot, manifest, request, signature, check.Certificate!, intake, await receipts.SignerAsync(ct), clock, ct));
        }
        catch (RuleBrokenException e) when (e.Code is "late-bid" or "revision")
        {
            if (await RepeatedAsync(db, lotId, caller.Organisation, request.Manifest, ct) is { } taken) return Answer(taken);
            throw;
        }
    }

    private static async Task<Bid> TakeAsync(
        Lot lot, BidManifest manifest, Request request, byte[] signature, X509Certificate2 certificate, Intake intake, Func<ReceiptClaims, string> sign, TimeProvider clock, CancellationToken ct)
    {
        var (price, files) = (request.PriceUpload ?? Guid.Empty, request.FilesUpload ?? Guid.Empty);
        await using var transaction = await intake.BeginAsync(ct);
        var facts = await transaction.LockAndReadAsync(lot.Id, manifest.Bidder, Revocation.Normal(certificate.SerialNumber), price, files, ct);
        var now = Moment.Of(clock);
        Submission.Judge(lot, manifest, facts, now);
        var (id, hash) = (Guid.CreateVersion7(), HashOf(request.Manifest));
        var bid = new Bid
        {
            Id = id, TenderId = lot.TenderId, LotId = lot.Id, BidderId = manifest.Bidder, Revision = manifest.Revision, ManifestHash = hash, Manifest = request.Manifest,
            Signature = signature, Thumbprint = TrustedRoots.ThumbprintOf(certificate), PriceUpload = price, FilesUpload = files, SubmittedAt = now,
            Receipt = sign(new ReceiptClaims(id, lot.TenderId, lot.Id, manifest.Bidder, manifest.Revision, hash, now)),
        };
        var message = facts.StandingBid is { } replaced
            ? Outbox.Row(new BidReplaced(lot.TenderId, lot.Id, id, replaced, bid.BidderId, bid.Revision, hash, now), now)
            : Outbox.Row(new BidSubmitted(lot.TenderId, lot.Id, id, bid.BidderId, bid.Revision, hash, now), now);
        Rule.Require(await transaction.WriteAndCommitAsync(bid, facts.StandingBid, message), "revision", "Your organisation changed its bid at the same moment: load the lot again.");
        return bid;
    }

    private static async Task<Bid?> RepeatedAsync(BiddingDb db, Guid lot, Guid bidder, string manifest, CancellationToken ct)
    {
        var hash = HashOf(manifest);
        return await db.Bids.AsNoTracking().SingleOrDefaultAsync(
            b => b.LotId == lot && b.BidderId == bidder && b.ManifestHash == hash && db.Standings.Any(s => s.LotId == lot && s.BidderId == bidder && s.BidId == b.Id), ct);
    }

    private static Created<Response> Answer(Bid bid) => TypedResults.Created($"/api/bidding/lots/{bid.LotId}/receipt", new Response(bid.Id, bid.Receipt));

    // A manifest that was read is canonical: its text is what is hashed.
    private static string HashOf(string manifest) => HexText.Sha256(Encoding.UTF8.GetBytes(manifest));

    private static byte[] Decode(string? base64)
    {
        var bytes = new byte[BidSignature.BytesMax + 1];
        return Convert.TryFromBase64String(base64 ?? "", bytes, out var length) ? bytes[..length] : [];
    }
}
