using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>How far each source's stream has come. The operator learns only whether it is whole: numbers would tell how many bidders have come.</summary>
public static class ListStreams
{
    public const int GapsMax = 20;

    public sealed record Item(
        string Source, bool Healthy, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Last,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Gap[]? Gaps);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/streams", Handle)
        .AllowRoles(Roles.Supervisor, Roles.Operator).WithSummary("How far each source's stream has come").WithDescription("Numbers and gaps are for supervisors.");

    private static async Task<Ok<Item[]>> Handle(Caller caller, SupervisionDb db, CancellationToken ct)
    {
        var streams = await db.Streams.AsNoTracking().OrderBy(s => s.Source).ToListAsync(ct);
        if (!caller.Is(Roles.Supervisor)) return TypedResults.Ok(WithoutNumbers(streams));
        var items = new List<Item>();
        foreach (var stream in streams) items.Add(new Item(stream.Source, !stream.HasGap, stream.Last, stream.HasGap ? await GapsAsync(db, stream, ct) : []));
        return TypedResults.Ok(items.ToArray());
    }

    private static Item[] WithoutNumbers(List<SourceStream> streams) =>
        [.. Publishers().Union(streams.Select(s => s.Source)).Order(StringComparer.Ordinal).Select(name => new Item(name, !streams.Exists(s => s.Source == name && s.HasGap), null, null))];

    // Every service that publishes, heard of yet or not: the first event of a source would tell that the first bidder has come.
    private static IEnumerable<string> Publishers() => typeof(EventAttribute).Assembly.GetTypes()
        .Select(t => t.GetCustomAttribute<EventAttribute>()?.Name.Split('.')[0]).OfType<string>().Where(name => name != "platform").Distinct();

    private static Task<Gap[]> GapsAsync(SupervisionDb db, SourceStream stream, CancellationToken ct) => db.Database.SqlQuery<Gap>($"""
        select before as "After", sequence - 1 as "Through"
        from (select sequence, lag(sequence, 1, {stream.Last}) over (order by sequence) as before from waiting where source = {stream.Source}) w
        where sequence > before + 1 order by sequence limit {GapsMax}
        """).ToArrayAsync(ct);
}
