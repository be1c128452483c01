using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>One publication with its content.</summary>
public static class GetNotice
{
    public sealed record Response(Guid Id, Guid TenderId, Guid? LotId, string Number, NoticeKind Kind, string Title, string Sha256, DateTimeOffset PublishedAt, JsonElement Content);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/notices/{id:guid}", Handle)
        .AllowEveryone().WithSummary("A notice").WithDescription("sha256 is over the content as canonical JSON (RFC 8785).");

    private static async Task<Ok<Response>> Handle(Guid id, TendersDb db, CancellationToken ct)
    {
        var notice = (await db.Notices.AsNoTracking().SingleOrDefaultAsync(n => n.Id == id, ct)).Or404("notice");
        return TypedResults.Ok(new Response(notice.Id, notice.TenderId, notice.LotId, notice.Number, notice.Kind, notice.Title, notice.Sha256, notice.PublishedAt,
            JsonElement.Parse(notice.Content)));
    }
}
