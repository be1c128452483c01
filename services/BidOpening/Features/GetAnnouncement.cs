using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>What was announced, byte for byte as those present sign it: the record without its closing.</summary>
public static class GetAnnouncement
{
    public const string HashHeader = "Announced-Hash";

    private sealed record Found(string Text, string Hash);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/announcement", Handle)
        .AllowEveryone().WithSummary("What was announced, as canonical JSON").WithDescription($"Its SHA-256 is in the header {HashHeader}. From the last outcome on.");

    private static async Task<ContentHttpResult> Handle(Guid lotId, HttpContext http, BidOpeningDb db, CancellationToken ct)
    {
        var found = (await db.Sessions.Where(s => s.Id == lotId && s.Announced != null).Select(s => new Found(s.Announced!, s.AnnouncedHash!)).SingleOrDefaultAsync(ct)).Or404("announcement");
        http.Response.Headers[HashHeader] = found.Hash;
        return TypedResults.Text(found.Text, "application/json; charset=utf-8");
    }
}
