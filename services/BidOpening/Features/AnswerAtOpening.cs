using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The tender's agency answers an objection on the spot. The last answer may complete the opening.</summary>
public static class AnswerAtOpening
{
    public sealed record Request([property: Required, StringLength(OpeningObjection.TextMax, MinimumLength = 1)] string Answer);
    public sealed record Response(int Number, DateTimeOffset AnsweredAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/objections/{objectionId:guid}/answer", Handle)
        .AllowRoles(Roles.Agency).Idempotent<BidOpeningDb>().WithSummary("Answer an objection at the opening").WithDescription("By the tender's agency, until the opening is completed. The answer is public and final.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Guid objectionId, Request request, Caller caller, BidOpeningDb db, OpeningMeans means, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var session = await db.LockSessionAsync(lotId, ct);
        if (session is not { IsPublic: true }) throw new NotFoundException("opening");
        if (caller.Organisation != session.Notice!.AgencyId) throw new ForbiddenException("Only the agency that runs the tender answers.");
        var objection = (await db.Objections.SingleOrDefaultAsync(o => o.Id == objectionId && o.LotId == lotId, ct)).Or404("objection");
        Rule.Require(!session.IsOver || objection.Answer is not null, "opening-over", "This opening is over; the record says that the objection had no answer.");
        objection.Reply(request.Answer, now);
        db.Tell(session, new ObjectionAtOpeningAnswered(session.TenderId, lotId, objection.Id, objection.BidderId, request.Answer, now), now);
        var opening = await PublicOpening.LoadAsync(session, db, means, now, ct);
        await opening.CompleteIfConfirmedAsync(ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(objection.Number, now));
    }
}
