using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The second, independent way: a bidder releases the keys of its own bid, as its recovery key gave them. Only the committed key counts.</summary>
public static class RecoverBid
{
    public const int KeyTextMax = 100;

    public sealed record Keys([property: StringLength(KeyTextMax)] string? Price, [property: StringLength(KeyTextMax)] string? Files);
    public sealed record Request(Keys Keys);
    public sealed record Response(BidStage Stage, FilesStage Files);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/bids/{bidId:guid}/recovery", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<BidOpeningDb>().ProducesProblem(409).WithSummary("Open one's own bid with its recovery key").WithDescription("While the opening lasts; for the archive also afterwards, until its own time is over; then 409 `recovery-too-late`.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Guid bidId, Request request, Caller caller, BidOpeningDb db, OpeningMeans means, TimeProvider clock, CancellationToken ct)
    {
        var session = await db.LockSessionAsync(lotId, ct);
        if (session is not { IsPublic: true }) throw new NotFoundException("opening");
        var now = clock.GetUtcNow();
        var opening = await PublicOpening.LoadAsync(session, db, means, now, ct);
        opening.RequireClosingList();
        var bid = opening.Bids.SingleOrDefault(b => b.Id == bidId && b.BidderId == caller.Organisation).Or404("bid");
        Rule.Require(bid.IsAsClosed, "manifest-differs", "The stored manifest is not the one you signed: the platform answers for it, and your bid counts as withdrawn.");
        var (price, files) = (Committed(bid, SealedPart.Price, request.Keys.Price), Committed(bid, SealedPart.Files, request.Keys.Files));
        Rule.Require(price is not null || files is not null, "recovery-key-missing", "Bring the key of the price part, of the files part, or both.");

        Rule.Require(files is null || bid.FilesStage != FilesStage.Failed, "recovery-too-late", "The time for your archive's key is over, or the archive was found unfit: the opening's findings say which.");

        if (price is not null && bid.Stage == BidStage.Sealed) await opening.OpenPriceAsync(bid, price, PublicOpening.ByRecovery, ct);
        if (files is not null) bid.ReadyFiles(files, now);
        await opening.AnnounceIfDecidedAsync(ct);
        return TypedResults.Ok(new Response(bid.Stage, bid.FilesStage));
    }

    private static byte[]? Committed(ListedBid bid, string part, string? text)
    {
        if (text is null) return null;
        var key = Base64UrlText.TryDecode(text);
        Rule.Require(key is not null && BidOpener.CommitmentHolds(bid.Parsed, part, key), "recovery-key-wrong",
            $"This is not the key to which the part {part} of your bid is committed: open the manifest's recovery copy again.");
        return key;
    }
}
