using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>Inclusion and consistency in the log, for those who do not want to read tiles.</summary>
public static class GetLogProofs
{
    /// <param name="LeafHash">Hexadecimal, as all hashes here.</param>
    public sealed record Inclusion(long Index, long Size, string LeafHash, string Root, string[] Proof);
    public sealed record Consistency(long From, long To, string FromRoot, string ToRoot, string[] Proof);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/log/inclusion", Include).AllowEveryone().WithSummary("That an entry is in the log").WithDescription("Of the log as it was with `size` entries.");
        routes.MapGet("/log/consistency", Follow).AllowEveryone().WithSummary("That the log only grew").WithDescription("From `from` entries to `to`.");
    }

    private static async Task<Ok<Inclusion>> Include([Range(0, long.MaxValue)] long index, [Range(1, long.MaxValue)] long size, AuditLog log, CancellationToken ct)
    {
        await RequireAsync(log, size, ct);
        if (index >= size) throw new NotFoundException("entry");
        var prover = log.Prover;
        var leaf = Protocols.MerkleTree.LeafHash(await log.EntryAsync(index, ct));
        return TypedResults.Ok(new Inclusion(index, size, Convert.ToHexStringLower(leaf), Convert.ToHexStringLower(await prover.RootAsync(size, ct)), Hex(await prover.InclusionAsync(index, size, ct))));
    }

    private static async Task<Ok<Consistency>> Follow([Range(0, long.MaxValue)] long from, [Range(0, long.MaxValue)] long to, AuditLog log, CancellationToken ct)
    {
        if (from > to) throw new MalformedException("from", "A log does not shrink: from is at most to.");
        await RequireAsync(log, to, ct);
        var prover = log.Prover;
        return TypedResults.Ok(new Consistency(from, to, Convert.ToHexStringLower(await prover.RootAsync(from, ct)), Convert.ToHexStringLower(await prover.RootAsync(to, ct)), Hex(await prover.ConsistencyAsync(from, to, ct))));
    }

    private static async Task RequireAsync(AuditLog log, long size, CancellationToken ct)
    {
        if ((await log.HeadAsync(ct))?.PublishedSize is not { } published || size > published) throw new NotFoundException("checkpoint of this size");
    }

    private static string[] Hex(IReadOnlyList<byte[]> hashes) => [.. hashes.Select(Convert.ToHexStringLower)];
}
