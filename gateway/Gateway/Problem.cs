using System.Text.Json;

namespace Tendering.Gateway;

/// <summary>What the gateway itself refuses, as problem details (RFC 9457) with a stable code.</summary>
public sealed record Problem(string Type, string Title, int Status, string Code)
{
    public static Task WriteAsync(HttpContext http, int status, string code, string title)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsJsonAsync(new Problem($"/problems/{code}", title, status, code), (JsonSerializerOptions?)null, "application/problem+json", http.RequestAborted);
    }

    /// <summary>A status that nothing else described.</summary>
    public static Task WriteAsync(HttpContext http, int status) => status switch
    {
        400 => WriteAsync(http, status, "malformed", "The request cannot be read as it was sent."),
        401 => WriteAsync(http, status, "unauthenticated", "Sign in first."),
        404 => WriteAsync(http, status, "not-found", "There is no such page."),
        405 => WriteAsync(http, status, "method-not-allowed", "This is not done with this method."),
        413 => WriteAsync(http, status, "too-large", "The request is too large."),
        415 => WriteAsync(http, status, "unsupported-media-type", "The body is not of the type that is asked for."),
        _ => WriteAsync(http, status, status < 500 ? "refused" : "fault", "The request was not carried out."),
    };

    /// <summary>A service does not answer: the caller repeats, with the same Idempotency-Key.</summary>
    public static Task UnavailableAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "1";
        return WriteAsync(http, 503, "unavailable", "This part of the platform does not answer at the moment: repeat with the same Idempotency-Key.");
    }
}
