using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>The organisations in the market, oldest first.</summary>
public static class ListOrganisations
{
    public const int PageMax = 200;

    public sealed record Item(Guid Id, string Code, string Name, OrganisationKind Kind);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/organisations", Handle)
        .AllowSignedIn().WithSummary("Organisations, oldest first").WithDescription("Pages by the id of the last item seen: ?after=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? after, [Range(1, PageMax)] int? limit, IdentityDb db, CancellationToken ct)
    {
        var page = db.Organisations.AsNoTracking();
        if (after is { } last) page = page.Where(o => o.Id.CompareTo(last) > 0);
        return TypedResults.Ok(await page.OrderBy(o => o.Id).Take(limit ?? PageMax).Select(o => new Item(o.Id, o.SocialCreditCode, o.Name, o.Kind)).ToArrayAsync(ct));
    }
}
