using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>The log itself, as C2SP tlog-tiles: what has been published stays as it is for ever and may be kept by every cache on the way.</summary>
public static class ServeLog
{
    private const string ForEver = "public, max-age=31536000, immutable";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/log/checkpoint", Checkpoint).AllowEveryone().ExcludeFromDescription();
        app.MapGet("/log/tile/{**path}", Tile).AllowEveryone().ExcludeFromDescription();
    }

    private static async Task<ContentHttpResult> Checkpoint(AuditLog log, HttpContext http, CancellationToken ct)
    {
        var published = ((await log.HeadAsync(ct))?.Published).Or404("checkpoint");
        http.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Content(published, "text/plain; charset=utf-8");
    }

    private static async Task<FileContentHttpResult> Tile(string path, AuditLog log, HttpContext http, CancellationToken ct)
    {
        var tile = TileId.TryParse("tile/" + path) ?? throw new NotFoundException("tile");
        var bytes = (tile.Level == TileId.Entries ? await log.BundleAsync(tile, ct) : (await log.ReadAsync([tile], ct)).GetValueOrDefault(tile)).Or404("tile");
        http.Response.Headers.CacheControl = ForEver;
        if (tile.Level == TileId.Entries && http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Headers.ContentEncoding = "gzip";
            http.Response.Headers.Vary = "Accept-Encoding";
            return TypedResults.File(AuditLog.Pack(bytes), "application/octet-stream");
        }
        return TypedResults.File(bytes, "application/octet-stream");
    }
}
