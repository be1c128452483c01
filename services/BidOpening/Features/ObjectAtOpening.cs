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

/// <summary>A bidder that is present objects on the spot; objection and answer go into the record.</summary>
public static class ObjectAtOpening
{
    public sealed record Request([property: Required, StringLength(OpeningObjection.TextMax, MinimumLength = 1)] string Text);
    public sealed record Response(Guid ObjectionId, int Number);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/objections", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<BidOpeningDb>().WithSummary("Object at the opening").WithDescription("By a bidder that is present, from the start until the time for objections is over. The text is public.");

    private static async Task<Created<Response>> Handle(Guid lotId, Request request, Caller caller, BidOpeningDb db, TimeProvider clock, CancellationToken ct)
    {
        var (person, now) = (caller.Person, clock.GetUtcNow());
        var session = await db.LockSessionAsync(lotId, ct);
        if (session is not { IsPublic: true }) throw new NotFoundException("opening");
        var present = await SignIn.PresentAsync(lotId, caller, db, ct);
        var rule = RuleSet.Get(session.Notice!.RuleSet).Find(RuleKey.ObjectionAtOpening);
        Rule.Require(session.Stage == SessionStage.Opening || (session.Stage == SessionStage.Confirming && now < session.ConfirmBy), "objection-too-late",
            "Objections to an opening are raised on the spot, and its time for them is over.", rule?.Id, rule?.Article);
        var before = await db.Objections.Where(o => o.LotId == lotId).Select(o => o.BidderId).ToListAsync(ct);
        Rule.Require(before.Count(b => b == present.OrganisationId) < OpeningObjection.PerBidderMax, "too-many-objections", $"A bidder raises at most {OpeningObjection.PerBidderMax} objections at an opening.");
        var objection = new OpeningObjection { LotId = lotId, Number = before.Count + 1, BidderId = present.OrganisationId, PersonId = person, Text = request.Text, RaisedAt = now };
        db.Add(objection);
        db.Tell(session, new ObjectionAtOpeningRaised(session.TenderId, lotId, objection.Id, objection.BidderId, present.OrganisationName!, objection.Text, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/bid-opening/lots/{lotId}/objections/{objection.Id}", new Response(objection.Id, objection.Number));
    }
}
