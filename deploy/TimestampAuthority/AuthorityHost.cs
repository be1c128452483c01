using System.ComponentModel;

namespace Tendering.TimestampAuthority;

/// <summary>
/// A time-stamping authority (RFC 3161 over HTTP) for the local run and tests: a door in front of <c>openssl ts</c>, so that what stamps is none of ours. Nobody else
/// trusts its root; it does nothing until it is asked.
/// </summary>
public static partial class AuthorityHost
{
    public const string QueryType = "application/timestamp-query", ReplyType = "application/timestamp-reply";
    private const int QueryMax = 16 * 1024;

    public static WebApplication Build(WebApplicationBuilder builder, string folder)
    {
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(o => o.Limits.MaxRequestBodySize = QueryMax);
        var app = builder.Build();
        var authority = new OpensslAuthority(folder);
        app.MapPost("/", (Delegate)((HttpContext http) => AnswerAsync(http, authority, app.Logger)));
        app.MapGet("/roots.pem", () => Results.File(authority.RootsFile, "application/x-pem-file"));
        app.MapGet("/health/ready", () => "ready");
        app.Lifetime.ApplicationStopped.Register(authority.Dispose);
        return app;
    }

    private static async Task<IResult> AnswerAsync(HttpContext http, OpensslAuthority authority, ILogger log)
    {
        using var query = new MemoryStream();
        await http.Request.Body.CopyToAsync(query, http.RequestAborted);
        try { return Results.Bytes(await authority.StampAsync(query.ToArray(), http.RequestAborted), ReplyType); }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            LogFailed(log, e.Message);
            return Results.StatusCode(StatusCodes.Status500InternalServerError);
        }
    }

    [LoggerMessage(LogLevel.Warning, "No answer was made: {Reason}")]
    private static partial void LogFailed(ILogger log, string reason);
}
