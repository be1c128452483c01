using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>An expert's own invitations, newest first, each with what shows it its own line in the frozen pool; never anybody else's.</summary>
public static class ListInvitations
{
    public const int PageMax = 100;

    public sealed record Item(Guid LotId, Guid TenderId, Guid DrawId, SeatStage Stage, DateTimeOffset AnswerBy, Guid ExpertId, int PoolNumber, string PoolSalt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/invitations", Handle)
        .AllowRoles(Roles.Expert).WithSummary("My invitations to committees").WithDescription("Pages by the draw's id of the last item seen: ?before=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? before, [Range(1, PageMax)] int? limit, Caller caller, ExpertSelectionDb db, CancellationToken ct)
    {
        var person = caller.Person;
        var mine = from seat in db.Seats.AsNoTracking()
                   join expert in db.Experts on seat.ExpertId equals expert.Id
                   join draw in db.Draws on seat.DrawId equals draw.Id
                   join line in db.PoolLines on new { seat.DrawId, Number = seat.PoolNumber } equals new { line.DrawId, line.Number }
                   where expert.PersonId == person && (before == null || seat.DrawId.CompareTo(before.Value) < 0)
                   orderby seat.DrawId descending
                   select new { draw.LotId, draw.TenderId, seat.DrawId, seat.Stage, seat.AnswerBy, seat.ExpertId, seat.PoolNumber, line.Salt };
        var page = await mine.Take(limit ?? PageMax).ToListAsync(ct);
        return TypedResults.Ok(page.Select(i => new Item(i.LotId, i.TenderId, i.DrawId, i.Stage, i.AnswerBy, i.ExpertId, i.PoolNumber, Base64UrlText.Encode(i.Salt))).ToArray());
    }
}
