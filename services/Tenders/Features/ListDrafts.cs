using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>Tenders in preparation that concern the caller: an agency's own, a supervisor's to review, and those whose keys its organisation keeps.</summary>
public static class ListDrafts
{
    public const int PageMax = 100;

    public sealed record Item(Guid TenderId, string Number, string Title, string RuleSet, Stage Stage, Guid AgencyId, string AgencyName, string TendererName, DateTimeOffset CreatedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/drafts", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).WithSummary("Tenders in preparation, newest first").WithDescription("Pages by the id of the last item seen: ?before=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? before, [Range(1, PageMax)] int? limit, Caller caller, TendersDb db, CancellationToken ct)
    {
        var (organisation, agency, supervisor) = (caller.Organisation, caller.Is(Roles.Agency), caller.Is(Roles.Supervisor));
        var page = db.Tenders.AsNoTracking().Where(t => t.Preparation != Stage.Published
            && ((agency && t.AgencyId == organisation) || (supervisor && (t.Preparation == Stage.InReview || t.Preparation == Stage.ReviewedOnce))
                || t.Custodians.Any(c => c.OrganisationId == organisation)));
        if (before is { } last) page = page.Where(t => t.Id.CompareTo(last) < 0);
        return TypedResults.Ok(await page.OrderByDescending(t => t.Id).Take(limit ?? PageMax)
            .Select(t => new Item(t.Id, t.Number, t.Title, t.RuleSetId, t.Preparation, t.AgencyId, t.AgencyName, t.TendererName, t.CreatedAt)).ToArrayAsync(ct));
    }
}
