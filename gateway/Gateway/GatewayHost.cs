using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Tendering.ServiceDefaults;

namespace Tendering.Gateway;

/// <summary>The one door: the browser's session, limits, security headers, the public page, and the way to each service.</summary>
public static class GatewayHost
{
    public static void Add(WebApplicationBuilder builder)
    {
        // Paths of requests say who does what on which tender before that may be known: no log has them.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        var services = builder.Services;
        var destinations = Destinations.From(builder.Configuration);
        services.AddSingleton(destinations).AddSingleton<Readiness>();
        services.AddHostedService<Telemetry>();
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = false);
        // As the program says of its sockets: no other thread is woken for what this one can go on with. It is "unsafe" where something blocks.
        services.Configure<SocketTransportOptions>(o => o.UnsafePreferInlineScheduling = true);
        ReceiveBlocks.Use(services);
        services.Configure<KestrelServerOptions>(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = Limits.BodyMaxFrom(builder.Configuration);
        });
        Sessions.Add(builder);
        Limits.Add(builder);
        Proxy.Add(services, destinations);
        TrustedProxies.Add(builder);
    }

    public static void Use(WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        app.UseExceptionHandler(failed => failed.Run(http => Problem.WriteAsync(http, 500, "fault", "Something went wrong here.")));
        app.UseStatusCodePages(empty => Problem.WriteAsync(empty.HttpContext, empty.HttpContext.Response.StatusCode));
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseRouting();
        app.UseSessions();
        app.UseRateLimiter();
        app.UseBodyLimit();
        Sessions.Map(app);
        Readiness.Map(app);
        Proxy.Map(app);
    }
}
