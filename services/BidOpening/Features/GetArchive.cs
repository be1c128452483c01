using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>An opened bid's archive, decrypted as it is read; whole or in ranges. For the tender's agency, which lays it before the committee, for supervision, and for the bidder that sealed it.</summary>
public static class GetArchive
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/bids/{bidId:guid}/archive", Handle)
        .AllowRoles(Roles.Agency, Roles.Bidder, Roles.Supervisor).ProducesProblem(409).WithSummary("Archive of an opened bid")
        .WithDescription("A ZIP, for the tender's agency, supervision and the bid's own bidder. 409 until the opening is over and the archive is opened, or if it stayed closed.");

    private static async Task<FileStreamHttpResult> Handle(Guid lotId, Guid bidId, Caller caller, BidOpeningDb db, OpeningMeans means, CancellationToken ct)
    {
        var session = await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == lotId, ct);
        if (session is not { IsPublic: true, Notice: { } notice }) throw new NotFoundException("opening");
        var bid = (await db.Bids.AsNoTracking().SingleOrDefaultAsync(b => b.Id == bidId && b.LotId == lotId, ct)).Or404("bid");
        if (!MayRead(caller, notice, bid)) throw new ForbiddenException("Only the tender's agency, supervision and the bid's own bidder read its archive.");
        Rule.Require(session.IsOver, "opening-not-over", "Archives are given out when the opening is over: until then other bids of the lot may still be sealed.");
        Rule.Require(bid.IsAsClosed, "manifest-differs", "The stored manifest is not the one that was signed and closed: the archive under it is not given out.");
        Rule.Require(bid is { FilesStage: FilesStage.Opened, FilesKey: not null }, "archive-not-opened",
            bid.FilesStage == FilesStage.Failed ? "This archive stayed closed: the opening's findings say why." : "This archive is not opened yet: ask again in a while.");
        return TypedResults.Stream(ArchiveOpening.Read(bid.Parsed, bid.FilesKey!, bid.FilesStorageKey, means.Store), "application/zip", $"{bid.Place:000}.zip", enableRangeProcessing: true);
    }

    private static bool MayRead(Caller caller, OpeningNotice notice, ListedBid bid) =>
        caller.Is(Roles.Supervisor) || (caller.Is(Roles.Agency) && caller.Organisation == notice.AgencyId) || (caller.Is(Roles.Bidder) && caller.Organisation == bid.BidderId);
}
