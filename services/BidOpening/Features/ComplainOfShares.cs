using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// A custodian that cannot release what it was asked for shows why: the bidder sealed something else to it than the manifest's hash names. Where that is proven, the
/// bidder answers for what cannot be opened, not the custodian.
/// </summary>
public static class ComplainOfShares
{
    public sealed record Request(
        Guid BidId, [property: RegularExpression("^(price|files)$")] string Part, [property: RegularExpression("^[0-9a-f]{66}$")] string? SharedPoint, [property: RegularExpression("^[0-9a-f]{128}$")] string? Proof);

    public sealed record Response(DateTimeOffset UpheldAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/share-complaints", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<BidOpeningDb>()
        .WithSummary("Prove that a sealed share is not what the manifest names").WithDescription("The shared point of this one sealed share and a proof that it is the right one; neither where the sealed share names no point. Until the prices are announced, or, of an archive, as long as its key is waited for.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, BidOpeningDb db, TimeProvider clock, CancellationToken ct)
    {
        var (person, now) = (caller.Person, clock.GetUtcNow());
        var session = await db.LockSessionAsync(lotId, ct);
        var custodian = GetSealedShares.CustodianOf(session, caller);
        var bid = (await db.Bids.SingleOrDefaultAsync(b => b.Id == request.BidId && b.LotId == lotId, ct)).Or404("bid");
        if (await db.Complaints.FindAsync([bid.Id, request.Part, custodian.Index], ct) is { } before) return TypedResults.Ok(new Response(before.UpheldAt));
        // An archive's key may be waited for when the prices are announced.
        Rule.Require(session!.Stage == SessionStage.Opening || (request.Part == SealedPart.Files && bid is { Stage: BidStage.Opened, FilesStage: FilesStage.Sealed }), "complaint-too-late",
            "What this share opens is decided: complaints about sealed shares come while it is waited for.");
        Rule.Require(bid.IsAsClosed, "manifest-differs", "The stored manifest is not the one that was signed: the platform answers for this bid.");
        var complaint = request is { SharedPoint: { } point, Proof: { } proof } ? new ShareComplaint(point, proof) : null;
        var verdict = ShareComplaint.Judge(bid.Parsed, request.Part, custodian.Index, complaint);
        Rule.Require(verdict != ComplaintVerdict.ProofWrong, "complaint-not-proven", "The proof does not show that this is the point your key gives: make it with the key that the manifest names.");
        Rule.Require(verdict != ComplaintVerdict.ShareIsGood, "share-is-good", "What was sealed to you is what the manifest names: release it.");
        db.Add(new UpheldComplaint { BidId = bid.Id, Part = request.Part, CustodianIndex = custodian.Index, PersonId = person, SharedPoint = complaint?.SharedPoint, Proof = complaint?.Proof, UpheldAt = now });
        db.TellWhileOpen(session, new ShareComplaintUpheld(session.TenderId, lotId, bid.Id, request.Part, custodian.Index, custodian.OrganisationId, complaint?.SharedPoint, complaint?.Proof, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(now));
    }
}
