using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// A party comes into the hall. Before the start nobody learns who else is there, and nobody whether a bidder that came has bid: the attendance is told with the start.
/// </summary>
public static class SignIn
{
    public sealed record Response(Party Party, DateTimeOffset SignedInAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/attendance", Handle)
        .AllowRoles(Roles.Bidder, Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<BidOpeningDb>()
        .WithSummary("Sign in at an opening").WithDescription("From some time before the opening until it is completed. Who is present can object, and signs or is recorded as silent.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, BidOpeningDb db, OpeningMeans means, TimeProvider clock, CancellationToken ct)
    {
        var (person, now) = (caller.Person, clock.GetUtcNow());
        var session = await db.LockSessionAsync(lotId, ct);
        if (session is not { Notice: { } notice }) throw new NotFoundException("lot");
        var known = await db.Attendance.FindAsync([lotId, caller.Organisation], ct);
        if (known is not null) return TypedResults.Ok(new Response(known.Party, known.SignedInAt));
        Rule.Require(!session.IsOver, "opening-over", "This opening is over.");
        Rule.Require(now >= notice.OpeningAt - means.Times.OpensBefore, "hall-not-open", $"The hall opens {means.Times.OpensBefore.TotalMinutes:0} minutes before the opening, at {notice.OpeningAt - means.Times.OpensBefore:u}.");
        var (party, name) = await PartyAsync(session, notice, caller, db, ct);
        var present = new Attendance { LotId = lotId, OrganisationId = caller.Organisation, Party = party, OrganisationName = name, PersonId = person, SignedInAt = now };
        db.Add(present);
        if (session.IsPublic) Tell(db, session, present, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(party, now));
    }

    internal static void Tell(BidOpeningDb db, OpeningSession session, Attendance present, DateTimeOffset now) =>
        db.Tell(session, new PartySignedIn(session.TenderId, session.Id, Word.Of(present.Party), present.OrganisationId, present.OrganisationName!, present.SignedInAt), now);

    /// <summary>What the opening knows of one who wants to act in it: present, or refused.</summary>
    internal static async Task<Attendance> PresentAsync(Guid lot, Caller caller, BidOpeningDb db, CancellationToken ct)
    {
        var present = await db.Attendance.FindAsync([lot, caller.Organisation], ct);
        Rule.Require(present is { OrganisationName: not null }, "not-signed-in", "Only who is present takes part: sign in first.");
        return present!;
    }

    // A custodian is a custodian whatever its role; a bidder's name is looked up in the closing list, and only once the opening has started.
    private static async Task<(Party, string?)> PartyAsync(OpeningSession session, OpeningNotice notice, Caller caller, BidOpeningDb db, CancellationToken ct)
    {
        var organisation = caller.Organisation;
        if (!caller.Is(Roles.Bidder) && notice.Custodians.FirstOrDefault(c => c.OrganisationId == organisation) is { } custodian) return (Party.Custodian, custodian.Name);
        if (caller.Is(Roles.Agency))
            return organisation == notice.AgencyId ? (Party.Agency, notice.AgencyName) : throw new ForbiddenException("Your organisation is neither agency nor custodian of this tender.");
        if (caller.Is(Roles.Bidder))
        {
            if (!session.IsPublic) return (Party.Bidder, null);
            var bidder = await db.Bids.Where(b => b.LotId == session.Id && b.BidderId == organisation).Select(b => b.BidderName).FirstOrDefaultAsync(ct);
            return (Party.Bidder, bidder ?? throw new ForbiddenException("Your organisation has no bid in this lot: follow the opening as everybody can."));
        }
        var known = await db.Organisations.FindAsync([organisation], ct);
        Rule.Require(known is not null, "organisation-unknown", "Your organisation is not known here yet: repeat in a moment.");
        return (caller.Is(Roles.Supervisor) ? Party.Supervisor : Party.Centre, known!.Name);
    }
}
