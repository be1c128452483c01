using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Tendering.Gateway;

/// <summary>The way to each service: which path goes where, what a call may bring along, and what is said when a service does not answer.</summary>
public static class Proxy
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

    public static void Add(IServiceCollection services, Destinations destinations) => services.AddReverseProxy()
        .ConfigureHttpClient(JoinedWrites.Use)
        .LoadFromMemory([.. destinations.All.SelectMany(RoutesTo), .. RoutesToRoot()], [.. destinations.All.Select(ClusterOf)])
        .AddTransforms(transforms =>
        {
            transforms.AddOriginalHost();                                             // API documents name the address that they were asked for at
            transforms.AddResponseHeaderRemove(HeaderNames.Server, ResponseCondition.Always);
            transforms.AddResponseHeaderRemove(HeaderNames.SetCookie, ResponseCondition.Always);
        });

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/openapi", (Destinations destinations) => TypedResults.Ok(new { documents = destinations.All.Select(d => new { d.Name, url = $"/openapi/{d.Name}.json" }) }))
            .RequireRateLimiting(Limits.Calls);
        app.MapReverseProxy(pipeline =>
        {
            pipeline.Use(AnswerForTheMissing);
            pipeline.Use(SwapSessionForToken);
        });
    }

    private static IEnumerable<RouteConfig> RoutesTo(Destination service) =>
    [
        Route($"api-{service.Name}", service.Name, $"/api/{service.Name}/{{**rest}}", Limits.Calls),
        Route($"openapi-{service.Name}", service.Name, $"/openapi/{service.Name}.json", Limits.Calls),
    ];

    // Whatever lets one guess a password counts as a sign-in.
    private static IEnumerable<RouteConfig> RoutesToRoot() =>
    [
        Route("sign-in", "identity", "/api/identity/sessions", Limits.SignIn, "POST"),
        Route("register", "identity", "/api/identity/organisations", Limits.SignIn, "POST"),
        Route("machines", "identity", "/connect/token", Limits.SignIn),
        Route("log", "supervision", "/log/{**rest}", Limits.Log, "GET"),
        Route("discovery", "identity", "/.well-known/{**rest}", Limits.Calls),
    ];

    private static RouteConfig Route(string id, string service, string path, string limit, params string[] methods) =>
        new() { RouteId = id, ClusterId = service, Match = new RouteMatch { Path = path, Methods = methods.Length > 0 ? methods : null }, RateLimiterPolicy = limit };

    private static ClusterConfig ClusterOf(Destination service) => new()
    {
        ClusterId = service.Name, Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = service.Address.ToString() } },
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = AnswerMax },
    };

    private static async Task AnswerForTheMissing(HttpContext http, Func<Task> next)
    {
        await next();
        if (http.GetForwarderErrorFeature() is not { } error || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested) return;
        http.Response.Clear();
        var cause = (error.Exception as AggregateException)?.InnerException ?? error.Exception;
        if (cause is BadHttpRequestException bad) await Problem.WriteAsync(http, bad.StatusCode);
        else if (error.Error == ForwarderError.RequestBodyClient) await Problem.WriteAsync(http, 400);
        else await Problem.UnavailableAsync(http);
    }

    private static async Task SwapSessionForToken(HttpContext http, Func<Task> next)
    {
        var headers = http.Request.Headers;
        headers.Remove(HeaderNames.Cookie);
        foreach (var claimed in headers.Keys.Where(IsClaimOfOrigin).ToArray()) headers.Remove(claimed);
        if (http.Features.Get<BrowserSession>() is { } session)
        {
            headers.Remove(HeaderNames.Authorization);
            string? token = null;
            var tokens = http.RequestServices.GetRequiredService<SessionTokens>();
            if (!await Sessions.WithIdentity(http, async () => token = await tokens.GetAsync(session, http.RequestAborted))) return;
            // A session that has ended leaves a stranger, to whom public things are still public.
            if (token is null) SessionCookie.Delete(http);
            else headers.Authorization = $"Bearer {token}";
        }
        await next();
    }

    // Only this gateway says where a call came from.
    private static bool IsClaimOfOrigin(string header) =>
        header.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase) || header.StartsWith("X-Original", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || header.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase);
}
