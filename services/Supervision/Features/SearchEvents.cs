using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>Finds events, newest first: by tender, actor, organisation, type, source, time and free text, all that is asked for together.</summary>
public static class SearchEvents
{
    public const int PageMax = 200, LooksMax = 20;

    /// <param name="Before">Where to go on, or null when there is nothing more. A page may be short, or empty, and still go on.</param>
    public sealed record Page(GetFeed.Item[] Items, long? Before);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/events", Handle).AllowRoles(Roles.Supervisor).WithSummary("Find events, newest first")
        .WithDescription("`person` acted; `organisation` acted or is named; `q` finds whole words, and runs of Chinese characters as they stand. Pages by index: ?before=INDEX of the answer before.");

    private static async Task<Ok<Page>> Handle(
        Guid? tender, Guid? person, Guid? organisation, [StringLength(80)] string? type, [StringLength(40)] string? source, DateTimeOffset? from, DateTimeOffset? until, [StringLength(SearchText.QueryMax)] string? q,
        [Range(1, long.MaxValue)] long? before, [Range(1, PageMax)] int? limit, [FromKeyedServices(SupervisionService.Name)] NpgsqlDataSource database, CancellationToken ct)
    {
        var (wanted, text) = (limit ?? PageMax, q ?? "");
        int[] grams = [.. SearchText.GramsFor(text), .. organisation is { } id ? [SearchText.GramOf(id)] : Array.Empty<int>()];
        await using var connection = await database.OpenConnectionAsync(ct);
        var (found, at) = (new List<RecordedEvent>(), before);
        for (var look = 0; look < LooksMax; look++)
        {
            var candidates = await RecordedEvent.ReadAsync(connection, """
                index in (select index from search where index < $1 and ($2::uuid is null or tender_id = $2) and ($3::uuid is null or person_id = $3) and ($4::text is null or type = $4)
                  and ($5::text is null or source = $5) and ($6::timestamptz is null or occurred_at >= $6) and ($7::timestamptz is null or occurred_at < $7) and grams @> $8 order by index desc limit $9) order by index desc
                """, [
                    new() { Value = at ?? long.MaxValue }, Maybe(tender, NpgsqlDbType.Uuid), Maybe(person, NpgsqlDbType.Uuid), Maybe(type, NpgsqlDbType.Text), Maybe(source, NpgsqlDbType.Text),
                    Maybe(from?.ToUniversalTime(), NpgsqlDbType.TimestampTz), Maybe(until?.ToUniversalTime(), NpgsqlDbType.TimestampTz), new() { Value = grams }, new() { Value = PageMax },
                ], ct);
            foreach (var e in candidates)
            {
                if (found.Count == wanted) return TypedResults.Ok(new Page([.. found.Select(GetFeed.ItemOf)], at));
                at = e.Index;
                if (SearchText.Holds(e, text)) found.Add(e);
            }
            if (candidates.Count < PageMax) return TypedResults.Ok(new Page([.. found.Select(GetFeed.ItemOf)], null));
        }
        return TypedResults.Ok(new Page([.. found.Select(GetFeed.ItemOf)], at));
    }

    private static NpgsqlParameter Maybe(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
