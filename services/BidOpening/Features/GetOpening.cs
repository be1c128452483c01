using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>How an opening goes, for everybody. Before it starts, and where it never does, its stage and nothing else.</summary>
public static class GetOpening
{
    public sealed record CustodianState(int Index, Guid OrganisationId, bool Released);
    public sealed record Finding(Guid BidId, string Kind, string Fact);
    public sealed record Response(
        SessionStage Stage, DateTimeOffset? StartedAt, DateTimeOffset? SharesDueBy, DateTimeOffset? RecoveryDueBy, CustodianState[] Custodians, int? Opened, int? NotOpened, int? Total, Finding[] Findings);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}", Handle).AllowEveryone().WithSummary("How the opening of a lot goes");

    private static async Task<Ok<Response>> Handle(Guid lotId, BidOpeningDb db, CancellationToken ct)
    {
        var session = (await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == lotId && s.Notice != null, ct)).Or404("lot");
        if (!session.IsPublic) return TypedResults.Ok(new Response(session.Stage, null, null, null, [], null, null, null, []));
        var released = await db.Releases.Where(r => r.LotId == lotId && r.Good > 0).Select(r => r.CustodianIndex).Distinct().ToListAsync(ct);
        var bids = await db.Bids.Where(b => b.LotId == lotId).OrderBy(b => b.Place).Select(b => new { b.Id, b.Stage, b.FilesStage, b.FilesFact }).ToListAsync(ct);
        return TypedResults.Ok(new Response(
            session.Stage, session.StartedAt, session.SharesDueBy, session.RecoveryDueBy,
            [.. session.Notice!.Custodians.OrderBy(c => c.Index).Select(c => new CustodianState(c.Index, c.OrganisationId, released.Contains(c.Index)))],
            bids.Count(b => b.Stage == BidStage.Opened), bids.Count(b => b.Stage == BidStage.NotOpened), bids.Count,
            [.. bids.Where(b => b.FilesStage == FilesStage.Failed).Select(b => new Finding(b.Id, RecordedBid.FilesNotOpened, Word.Of(b.FilesFact!.Value)))]));
    }
}
