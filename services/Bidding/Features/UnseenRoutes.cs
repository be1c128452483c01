using System.Diagnostics;

namespace Tendering.Bidding.Features;

/// <summary>Routes whose use nobody may count: no HTTP metrics, and no span leaves the process.</summary>
public static class UnseenRoutes
{
    public static RouteGroupBuilder Unseen(this RouteGroupBuilder routes)
    {
        routes.DisableHttpMetrics();
        routes.AddEndpointFilter((context, next) =>
        {
            if (Activity.Current is { } span) (span.ActivityTraceFlags, span.IsAllDataRequested) = (span.ActivityTraceFlags & ~ActivityTraceFlags.Recorded, false);
            return next(context);
        });
        return routes;
    }
}
