using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;

namespace Tendering.Gateway;

/// <summary>How much one client may ask for: <c>Limits:SignInPerMinute</c>, <c>Limits:CallsPerMinute</c>, <c>Limits:LogPerMinute</c>, <c>Limits:BodyBytes</c>, <c>Limits:UploadBytes</c>.</summary>
public static class Limits
{
    public const string SignIn = "sign-in", Calls = "calls", Log = "log";
    private const long BodyMax = 8 * 1024 * 1024, UploadMax = (2L << 30) + (64 << 20);
    private const int SignInMax = 10, CallsMax = 1_200;

    // Who checks the whole log reads 256 entries at a time, from any cache on the way.
    private const int LogMax = 12_000;

    // A replay or a rush signs a whole market in from one machine.
    private const int SignInMaxInDevelopment = 60_000, CallsMaxInDevelopment = 600_000;

    public static long BodyMaxFrom(IConfiguration configuration) => configuration.GetValue("Limits:BodyBytes", BodyMax);

    /// <summary>Bytes of an upload (tus) pass through without being held, so one call may bring more: <c>Limits:UploadBytes</c>.</summary>
    private static long UploadMaxFrom(IConfiguration configuration) => configuration.GetValue("Limits:UploadBytes", UploadMax);

    private static bool IsUpload(HttpContext http) => http.Request.ContentType == "application/offset+octet-stream" && (HttpMethods.IsPatch(http.Request.Method) || HttpMethods.IsPost(http.Request.Method));

    public static void Add(WebApplicationBuilder builder)
    {
        var development = builder.Environment.IsDevelopment();
        var signIn = builder.Configuration.GetValue("Limits:SignInPerMinute", development ? SignInMaxInDevelopment : SignInMax);
        var calls = builder.Configuration.GetValue("Limits:CallsPerMinute", development ? CallsMaxInDevelopment : CallsMax);
        var log = builder.Configuration.GetValue("Limits:LogPerMinute", development ? CallsMaxInDevelopment : LogMax);
        builder.Services.AddRateLimiter(options =>
        {
            options.AddPolicy(Log, http => PerMinute(AddressOf(http), log));
            options.AddPolicy(SignIn, http => PerMinute(AddressOf(http), signIn));
            options.AddPolicy(Calls, http => PerMinute(http.Features.Get<BrowserSession>()?.Key ?? AddressOf(http), calls));
            options.OnRejected = (rejected, _) => new ValueTask(RefuseAsync(rejected.HttpContext, rejected.Lease));
        });
    }

    /// <summary>A body that is announced as too large is refused before anything of it is read.</summary>
    public static void UseBodyLimit(this WebApplication app)
    {
        var (bodyMax, uploadMax) = (BodyMaxFrom(app.Configuration), UploadMaxFrom(app.Configuration));
        app.Use((http, next) =>
        {
            var (max, feature) = (bodyMax, http.Features.Get<IHttpMaxRequestBodySizeFeature>());
            if (IsUpload(http) && feature is { IsReadOnly: false }) feature.MaxRequestBodySize = max = uploadMax;
            if (http.Request.ContentLength is not { } length || length <= max) return next();
            // The server may throw away what is still on its way, so that the client comes to read the answer instead of a broken connection.
            if (feature is { IsReadOnly: false }) feature.MaxRequestBodySize = null;
            return Problem.WriteAsync(http, 413);
        });
    }

    private static RateLimitPartition<string> PerMinute(string key, int permits) => RateLimitPartition.GetFixedWindowLimiter(key,
        _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 });

    private static Task RefuseAsync(HttpContext http, RateLimitLease lease)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        http.Response.Headers.RetryAfter = ((int)Math.Ceiling(Math.Max(1, wait.TotalSeconds))).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Problem.WriteAsync(http, 429, "too-many-requests", "Too many requests: wait, then go on more slowly.");
    }

    // Whoever has one IPv6 address has the 2^64 beside it.
    private static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress switch
    {
        null => "none",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } six => new IPAddress([.. six.GetAddressBytes()[..8], .. new byte[8]]).ToString(),
        var four => four.ToString(),
    };
}
