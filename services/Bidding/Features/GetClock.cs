using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The time by which deadlines are judged.</summary>
public static class GetClock
{
    public sealed record Response(DateTimeOffset Now);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/clock", Handle).AllowEveryone().WithSummary("The time by which deadlines are judged");

    private static Ok<Response> Handle(TimeProvider clock) => TypedResults.Ok(new Response(Moment.Of(clock)));
}
