using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>Moves a simulated clock forward, or changes its pace. The real one is nobody's to move.</summary>
public static class MoveClock
{
    public sealed record Request(DateTimeOffset? To, double? Rate);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/clock", Handle).AllowRoles(Roles.Operator).WithSummary("Move a simulated clock forward");

    private static Ok<GetClock.Response> Handle(Request request, TimeProvider clock)
    {
        if (clock is not SimulatedClock simulated) throw new RuleBrokenException("clock-is-real", "This platform runs on real time: it cannot be moved.");
        simulated.Move(request.To, request.Rate);
        return GetClock.Read(clock);
    }
}
