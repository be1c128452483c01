using Microsoft.Net.Http.Headers;

namespace Tendering.Gateway;

/// <summary>Headers that every answer carries, whoever made it.</summary>
public static class SecurityHeaders
{
    /// <summary>Pages: nothing but our own files, nothing inline, in no frame.</summary>
    public const string Page = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    // A record or a report is one file to keep and to print, so its style is inside it; it has no script and fetches nothing.
    private const string Document = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(() => { Set(http); return Task.CompletedTask; });
        return next();
    });

    private static void Set(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.Remove(HeaderNames.Server);
        headers.ContentSecurityPolicy = http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) ? Document : Page;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (http.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
    }
}
