using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>All publications, newest first.</summary>
public static class ListNotices
{
    public const int PageMax = 100;

    public sealed record Item(Guid Id, Guid TenderId, Guid? LotId, string Number, NoticeKind Kind, string Title, string Sha256, DateTimeOffset PublishedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/notices", Handle)
        .AllowEveryone().WithSummary("Notices, newest first").WithDescription("Pages by the id of the last item seen: ?before=ID. ?tenderId=ID for one tender.");

    private static async Task<Ok<Item[]>> Handle(Guid? before, Guid? tenderId, [Range(1, PageMax)] int? limit, TendersDb db, CancellationToken ct)
    {
        var page = db.Notices.AsNoTracking();
        if (before is { } last) page = page.Where(n => n.Id.CompareTo(last) < 0);
        if (tenderId is { } tender) page = page.Where(n => n.TenderId == tender);
        return TypedResults.Ok(await page.OrderByDescending(n => n.Id).Take(limit ?? PageMax)
            .Select(n => new Item(n.Id, n.TenderId, n.LotId, n.Number, n.Kind, n.Title, n.Sha256, n.PublishedAt)).ToArrayAsync(ct));
    }
}
