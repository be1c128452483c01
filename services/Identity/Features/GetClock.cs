using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>What time is it in the market, and does it run by itself?</summary>
public static class GetClock
{
    public sealed record Response(string Mode, DateTimeOffset Now, double Rate);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/clock", (TimeProvider clock) => Read(clock)).AllowEveryone().WithSummary("The market's clock");

    internal static Ok<Response> Read(TimeProvider clock) => TypedResults.Ok(clock is SimulatedClock simulated
        ? new Response("simulated", simulated.GetUtcNow(), simulated.Rate)
        : new Response("real", clock.GetUtcNow(), 1));
}
