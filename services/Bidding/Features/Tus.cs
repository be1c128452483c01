using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The resumable upload protocol tus 1.0 (tus.io): what its requests and answers carry, for the routes of uploads.</summary>
public static class Tus
{
    public const string Version = "1.0.0", Extensions = "creation,creation-with-upload,checksum,expiration,termination", ChecksumAlgorithms = "sha256,sha1", Content = "application/offset+octet-stream";
    public const string Resumable = "Tus-Resumable", Offset = "Upload-Offset", Length = "Upload-Length", Metadata = "Upload-Metadata", Checksum = "Upload-Checksum", Expires = "Upload-Expires", DeferLength = "Upload-Defer-Length";

    /// <summary>tus' own status for a chunk that is not what its checksum says.</summary>
    public const int ChecksumMismatch = 460;

    /// <summary>Every answer names the version, refusals too; a request in another version is refused before anything is done.</summary>
    public static RouteHandlerBuilder SpeaksTus(this RouteHandlerBuilder route) => route.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[Resumable] = Version;
            http.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        if (http.Request.Headers[Resumable] == Version) return await next(context);
        http.Response.Headers["Tus-Version"] = Version;
        return Refused(StatusCodes.Status412PreconditionFailed, "tus-version", $"The header {Resumable} must be {Version}.");
    }).ProducesProblem(412);

    public static ProblemHttpResult Refused(int status, string code, string title) =>
        TypedResults.Problem(statusCode: status, type: $"/problems/{code}", title: title, extensions: new Dictionary<string, object?> { ["code"] = code });

    /// <summary>A header that is a whole number, 0 or more; null if it is missing or none.</summary>
    public static long? Number(HttpContext http, string header) =>
        long.TryParse(http.Request.Headers[header], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    public static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static void ShowExpiry(HttpContext http, DateTimeOffset? at)
    {
        if (at is { } moment) http.Response.Headers[Expires] = moment.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>One value of <c>Upload-Metadata</c> (key, space, base64, comma …), or null where it is missing or not text.</summary>
    public static string? MetadataOf(HttpContext http, string key)
    {
        foreach (var pair in http.Request.Headers[Metadata].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var halves = pair.Split(' ');
            if (halves.Length != 2 || halves[0] != key) continue;
            var bytes = new byte[halves[1].Length];
            return Convert.TryFromBase64String(halves[1], bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
        }
        return null;
    }

    public static string MetadataFor(Upload upload) => "part " + Convert.ToBase64String(Encoding.ASCII.GetBytes(upload.Part));
}
