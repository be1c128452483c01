using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Credit.Data;
using Tendering.Credit.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>The public list of debarments, newest first.</summary>
public static class ListDebarments
{
    public const int PageMax = 100;

    public sealed record Item(
        Guid Id, string SocialCreditCode, string EnterpriseName, string Reason, string DecisionNumber, string Article, DateTimeOffset From, DateTimeOffset Until, DebarmentStage Stage);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/debarments", Handle)
        .AllowEveryone().WithSummary("Debarments, newest first").WithDescription("Pages by the id of the last item seen: ?before=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? before, [Range(1, PageMax)] int? limit, CreditDb db, CancellationToken ct)
    {
        var page = db.Debarments.AsNoTracking();
        if (before is { } last) page = page.Where(d => d.Id.CompareTo(last) < 0);
        return TypedResults.Ok(await page.OrderByDescending(d => d.Id).Take(limit ?? PageMax)
            .Select(d => new Item(d.Id, d.SocialCreditCode, d.EnterpriseName, d.Reason, d.DecisionNumber, d.Article, d.ValidFrom, d.ValidUntil, d.Stage)).ToArrayAsync(ct));
    }
}
