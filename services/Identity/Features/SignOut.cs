using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>Ends a session. One that has ended, or never was, is ended all the same.</summary>
public static class SignOut
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sessions/end", Handle).AllowEveryone().WithSummary("Sign out");

    private static async Task<NoContent> Handle(GetToken.Request request, IdentityDb db, RealClock clock, CancellationToken ct)
    {
        var hash = Session.HashOf(request.Session);
        if (await db.Sessions.SingleOrDefaultAsync(s => s.SecretHash == hash, ct) is { } session)
        {
            session.End(clock.Now);
            await db.SaveChangesAsync(ct);
        }
        return TypedResults.NoContent();
    }
}
