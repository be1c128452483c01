using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>A session's secret gets a new access token; that is what keeps a session from falling idle.</summary>
public static class GetToken
{
    public sealed record Request([property: Required, StringLength(64, MinimumLength = 1)] string Session);
    public sealed record Response(string AccessToken, int ExpiresIn);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sessions/token", Handle)
        .AllowEveryone().WithSummary("A new access token for a session");

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        Request request, Passwords passwords, AccessTokens tokens, IdentityDb db, RealClock clock, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var (now, hash) = (clock.Now, Session.HashOf(request.Session));
        var session = await db.Sessions.SingleOrDefaultAsync(s => s.SecretHash == hash, ct);
        if (session is null || !session.IsOpen(now)) return Refusal.SessionEnded();
        var person = await db.People.AsNoTracking().SingleAsync(p => p.Id == session.PersonId, ct);
        if (!passwords.IsUsable(person)) return Refusal.SessionEnded();
        session.LastUsedAt = now;
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(await tokens.ForAsync(person, ct), (int)AccessTokens.Life.TotalSeconds));
    }
}
