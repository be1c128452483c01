using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>A person signs in by name and password. What is answered, and how long it takes, does not tell whether the name exists.</summary>
public static class SignIn
{
    public sealed record Request(
        [property: Required, StringLength(Bounds.UserNameMax, MinimumLength = 1)] string UserName,
        [property: Required, StringLength(Bounds.PasswordMax, MinimumLength = 1)] string Password);

    public sealed record WhoSignedIn(Guid Id, string Name, Guid OrganisationId, string OrganisationName, string[] Roles);

    public sealed record Response(string Session, string AccessToken, int ExpiresIn, WhoSignedIn Person);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sessions", Handle)
        .AllowEveryone().WithSummary("Sign in").WithDescription("The session's secret gets a new access token every few minutes. Five failures lock a name for 15 minutes.");

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        Request request, SignInGuard guard, Passwords passwords, AccessTokens tokens, IdentityDb db, RealClock clock, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var name = passwords.Normalize(request.UserName);
        using var turn = await guard.TakeTurnAsync(name, ct);
        if (!await turn.TryAsync(db, clock.Now, ct)) return Refusal.LockedOut();
        var person = await db.People.SingleOrDefaultAsync(p => p.NormalizedUserName == name, ct);
        if (!await passwords.FitsAsync(person, request.Password)) return Refusal.SignInFailed();
        await turn.ForgetAsync(db, ct);
        var (session, secret) = Session.Open(person!.Id, clock.Now);
        db.Add(session);
        await db.SaveChangesAsync(ct);
        var organisation = await db.Organisations.AsNoTracking().SingleAsync(o => o.Id == person.OrganisationId, ct);
        return TypedResults.Ok(new Response(secret, await tokens.ForAsync(person, ct), (int)AccessTokens.Life.TotalSeconds,
            new WhoSignedIn(person.Id, person.DisplayName, organisation.Id, organisation.Name, person.Roles)));
    }
}

/// <summary>Compares passwords; takes as long for a name that does not exist.</summary>
public sealed class Passwords(UserManager<Person> people, IPasswordHasher<Person> hasher, IHostEnvironment environment)
{
    // Made once by the hasher that is configured, so that it costs what a real one costs.
    private static string? _nobodysHash;
    private static readonly Person Nobody = new() { OrganisationId = Guid.Empty, DisplayName = "", Roles = [], OpenedAt = default };

    public string Normalize(string userName) => people.NormalizeName(userName)!;

    public async Task<bool> FitsAsync(Person? person, string password)
    {
        // An account whose password everyone knows is nobody's outside development.
        if (person is not null && IsUsable(person)) return await people.CheckPasswordAsync(person, password);
        hasher.VerifyHashedPassword(Nobody, _nobodysHash ??= hasher.HashPassword(Nobody, "nobody"), password);
        return false;
    }

    public bool IsUsable(Person person) => !person.Development || environment.IsDevelopment();
}

/// <summary>The answers to who could not be signed in.</summary>
public static class Refusal
{
    public static ProblemHttpResult SignInFailed() => Answer("sign-in-failed", "User name and password do not fit.");
    public static ProblemHttpResult LockedOut() => Answer("locked-out", $"Too many failed attempts for this user name: wait {SignInGuard.LockedFor.TotalMinutes} minutes.");
    public static ProblemHttpResult SessionEnded() => Answer("session-ended", "This session has ended: sign in again.");

    private static ProblemHttpResult Answer(string code, string title) => TypedResults.Problem(
        statusCode: StatusCodes.Status401Unauthorized, type: $"/problems/{code}", title: title, extensions: new Dictionary<string, object?> { ["code"] = code });
}
