using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>How an opening goes, for everybody. Before it starts, and where it never does, its stage and moments for the waiting room's countdown, and nothing else.</summary>
public static class GetOpening
{
    public sealed record CustodianState(int Index, Guid OrganisationId, bool Released);
    public sealed record Finding(Guid BidId, string Kind, string Fact, string Verdict, string Cause);
    public sealed record AwaitedArchive(Guid BidId, DateTimeOffset? DueBy);
    public sealed record Present(Party Party, Guid OrganisationId, string Name, DateTimeOffset SignedInAt, bool HasSigned);
    public sealed record Objection(Guid ObjectionId, int Number, Guid BidderId, string Text, DateTimeOffset RaisedAt, string? Answer, DateTimeOffset? AnsweredAt);

    /// <param name="AwaitedArchives">Opened bids whose archive's key has not come; until when the bidder may bring it, once it is asked.</param>
    /// <param name="Now">The server's time: what a countdown runs by.</param>
    public sealed record Response(
        SessionStage Stage, DateTimeOffset Now, DateTimeOffset OpeningAt, DateTimeOffset HallOpensAt, DateTimeOffset? StartedAt, DateTimeOffset? SharesDueBy, DateTimeOffset? RecoveryDueBy,
        DateTimeOffset? ConfirmBy, DateTimeOffset? AnswersDueBy, string? AnnouncedHash, CustodianState[] Custodians, int? Opened, int? NotOpened, int? Total, Finding[] Findings, AwaitedArchive[] AwaitedArchives, Present[] Attendance,
        Objection[] Objections, int LastEntry);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}", Handle).AllowEveryone().WithSummary("How the opening of a lot goes");

    private static async Task<Ok<Response>> Handle(Guid lotId, BidOpeningDb db, OpeningMeans means, TimeProvider clock, CancellationToken ct)
    {
        var session = (await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == lotId && s.Notice != null, ct)).Or404("lot");
        var (now, at) = (clock.GetUtcNow(), session.Notice!.OpeningAt);
        var waiting = new Response(session.Stage, now, at, at - means.Times.OpensBefore, null, null, null, null, null, null, [], null, null, null, [], [], [], [], 0);
        if (!session.IsPublic) return TypedResults.Ok(waiting);
        var released = await db.Releases.Where(r => r.LotId == lotId && r.Good > 0).Select(r => r.CustodianIndex).Distinct().ToListAsync(ct);
        var bids = await db.Bids.Where(b => b.LotId == lotId).OrderBy(b => b.Place).Select(b => new { b.Id, b.Stage, b.FilesStage, b.FilesFact, b.FilesDueBy }).ToListAsync(ct);
        return TypedResults.Ok(waiting with
        {
            StartedAt = session.StartedAt, SharesDueBy = session.SharesDueBy, RecoveryDueBy = session.RecoveryDueBy, ConfirmBy = session.ConfirmBy, AnswersDueBy = session.AnswersDueBy, AnnouncedHash = session.AnnouncedHash,
            Custodians = [.. session.Notice!.Custodians.OrderBy(c => c.Index).Select(c => new CustodianState(c.Index, c.OrganisationId, released.Contains(c.Index)))],
            Opened = bids.Count(b => b.Stage == BidStage.Opened), NotOpened = bids.Count(b => b.Stage == BidStage.NotOpened), Total = bids.Count,
            Findings = [.. bids.Where(b => b.FilesStage == FilesStage.Failed).Select(b => FindingOf(b.Id, new PriceNotOpened(b.FilesFact!.Value)))],
            AwaitedArchives = [.. bids.Where(b => b is { Stage: BidStage.Opened, FilesStage: FilesStage.Sealed }).Select(b => new AwaitedArchive(b.Id, b.FilesDueBy))],
            Attendance = await db.Attendance.Where(a => a.LotId == lotId && a.OrganisationName != null).OrderBy(a => a.SignedInAt).ThenBy(a => a.OrganisationId)
                .Select(a => new Present(a.Party, a.OrganisationId, a.OrganisationName!, a.SignedInAt, db.Signatures.Any(s => s.LotId == lotId && s.OrganisationId == a.OrganisationId))).ToArrayAsync(ct),
            Objections = await db.Objections.Where(o => o.LotId == lotId).OrderBy(o => o.Number)
                .Select(o => new Objection(o.Id, o.Number, o.BidderId, o.Text, o.RaisedAt, o.Answer, o.AnsweredAt)).ToArrayAsync(ct),
            LastEntry = session.LastEntry,
        });
    }

    private static Finding FindingOf(Guid bid, PriceNotOpened not) => new(bid, RecordedBid.FilesNotOpened, Word.Of(not.Fact), Word.Of(not.Verdict), Word.Of(not.Cause));
}
