using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The opening record, byte for byte as it was hashed.</summary>
public static class GetRecord
{
    public const string HashHeader = "Record-Hash";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/record", Handle)
        .AllowEveryone().WithSummary("The opening record as canonical JSON").WithDescription($"Its SHA-256 is in the header {HashHeader} and in the log.");

    private static async Task<ContentHttpResult> Handle(Guid lotId, HttpContext http, BidOpeningDb db, CancellationToken ct)
    {
        var drawn = await FindAsync(lotId, db, ct);
        http.Response.Headers[HashHeader] = drawn.Hash;
        return TypedResults.Text(drawn.Record, "application/json; charset=utf-8");
    }

    internal sealed record Drawn(string Record, string Hash);

    internal static async Task<Drawn> FindAsync(Guid lot, BidOpeningDb db, CancellationToken ct)
    {
        var drawn = (await db.Sessions.Where(s => s.Id == lot && s.Record != null).Select(s => new Drawn(s.Record!, s.RecordHash!)).SingleOrDefaultAsync(ct)).Or404("opening record");
        return OpeningSession.HashOf(drawn.Record) == drawn.Hash ? drawn : throw new InvalidDataException("The stored opening record is not what its hash says.");
    }
}
