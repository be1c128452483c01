using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>The library as the trading centre keeps it. Says nothing of draws.</summary>
public static class ListExperts
{
    public const int PageMax = 100;

    public sealed record Item(
        Guid ExpertId, Guid PersonId, string Name, string Specialty, string Employer, string EmployerCode, string District, int YearsInField, bool SeniorTitle, bool Active,
        string? StatusReason, DateTimeOffset EnteredAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/experts", Handle)
        .AllowRoles(Roles.Centre).WithSummary("The library of experts").WithDescription("Pages by the id of the last item seen: ?after=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? after, [Range(1, PageMax)] int? limit, ExpertSelectionDb db, CancellationToken ct)
    {
        var page = db.Experts.AsNoTracking();
        if (after is { } last) page = page.Where(e => e.Id.CompareTo(last) > 0);
        return TypedResults.Ok(await page.OrderBy(e => e.Id).Take(limit ?? PageMax)
            .Select(e => new Item(e.Id, e.PersonId, e.Name, e.Specialty, e.Employer, e.EmployerCode, e.District, e.YearsInField, e.SeniorTitle, e.Active, e.StatusReason, e.EnteredAt))
            .ToArrayAsync(ct));
    }
}
