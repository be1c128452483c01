using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>By whom checkpoints are signed. Who checks keeps these from elsewhere, or from the first time he looked.</summary>
public static class GetLogKeys
{
    /// <param name="Key">The log's verifier key (C2SP signed-note).</param>
    /// <param name="Needed">How many of the witnesses have cosigned whatever is published.</param>
    /// <param name="EveryMilliseconds">From turn to turn.</param>
    public sealed record Response(string Origin, string Key, string[] Witnesses, int Needed, int EveryMilliseconds);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/log/keys", Handle).AllowEveryone().WithSummary("The log's key and its witnesses'");

    private static async Task<Ok<Response>> Handle(AuditLog log, LogOptions options, CancellationToken ct) => TypedResults.Ok(
        new Response(options.Origin, (await log.SignerAsync(ct)).Key.ToString(), [.. options.Witnesses.Select(w => w.Key.ToString())], options.Needed, (int)options.Every.TotalMilliseconds));
}
