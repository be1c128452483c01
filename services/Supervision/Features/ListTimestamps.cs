using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>The time-stamps (RFC 3161) over checkpoints, newest first.</summary>
public static class ListTimestamps
{
    public const int PageMax = 100;

    /// <param name="Checkpoint">The checkpoint with its signatures; the stamp is over its signed text.</param>
    /// <param name="Token">DER in base64.</param>
    public sealed record Item(long Size, string Checkpoint, string Token);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/log/timestamps", Handle)
        .AllowEveryone().WithSummary("Time-stamps over checkpoints, newest first").WithDescription("Pages by the size of the last item seen: ?before=SIZE.");

    private static async Task<Ok<Item[]>> Handle([Range(1, long.MaxValue)] long? before, [Range(1, PageMax)] int? limit, AuditLog log, CancellationToken ct) =>
        TypedResults.Ok((await ReadAsync(log, before, limit ?? PageMax, ct)).ToArray());

    public static Task<List<Item>> ReadAsync(AuditLog log, long? before, int limit, CancellationToken ct) => ReadAsync(log, "size < $1 order by size desc limit $2", before ?? long.MaxValue, limit, ct);

    /// <summary>Oldest first: those of logs that hold the first leaf, up to the first one that holds the last.</summary>
    public static Task<List<Item>> BetweenAsync(AuditLog log, long firstLeaf, long lastLeaf, CancellationToken ct) =>
        ReadAsync(log, "size > $1 and size <= coalesce((select min(size) from log_timestamp where size > $2), $2) order by size", firstLeaf, lastLeaf, ct);

    private static async Task<List<Item>> ReadAsync(AuditLog log, string which, long first, long second, CancellationToken ct)
    {
        await using var command = log.Database.CreateCommand($"select size, checkpoint, token from log_timestamp where {which}");
        command.Parameters.Add(new() { Value = first });
        command.Parameters.Add(new() { Value = second });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var items = new List<Item>();
        while (await reader.ReadAsync(ct)) items.Add(new Item(reader.GetInt64(0), reader.GetString(1), Convert.ToBase64String(reader.GetFieldValue<byte[]>(2))));
        return items;
    }
}
