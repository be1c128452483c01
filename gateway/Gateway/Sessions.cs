using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc;

namespace Tendering.Gateway;

/// <summary>A browser signs in, asks who it is, signs out; and each of its calls is told apart from a stranger's forgery.</summary>
public static class Sessions
{
    /// <summary>Another site's page can make a browser send its cookie, but not this header.</summary>
    public const string CsrfHeader = "X-Tendering-Csrf";
    private const int CredentialsMax = 4 * 1024;

    public sealed record Credentials(string UserName, string Password);
    public sealed record Who(JsonElement? Person);

    public static void Add(WebApplicationBuilder builder)
    {
        var folder = builder.Configuration["Gateway:Keys"] ?? (builder.Configuration["Storage:Folder"] is { } storage ? Path.Combine(storage, "..", "gateway-keys") : null)
            ?? throw new InvalidOperationException("Gateway:Keys is not set: a folder, shared by all gateways, for the keys that session cookies are encrypted with.");
        var keys = OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(folder)
            : Directory.CreateDirectory(Path.GetFullPath(folder), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        builder.Services.AddDataProtection().SetApplicationName("Tendering.Gateway").PersistKeysToFileSystem(keys);
        builder.Services.AddSingleton<SessionCookie>().AddSingleton<SessionTokens>().AddSingleton<IdentityClient>();
    }

    /// <summary>Finds the session of each call, and refuses a call that changes something if another site may have sent it.</summary>
    public static void UseSessions(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (http.RequestServices.GetRequiredService<SessionCookie>().Read(http) is { } session)
        {
            http.Features.Set(session);
            var isSignIn = HttpMethods.IsPost(http.Request.Method) && http.Request.Path == "/session";
            if (Changes(http.Request.Method) && !isSignIn && http.Request.Headers[CsrfHeader] != "1")
            {
                await Problem.WriteAsync(http, 403, "csrf", $"A call that changes something by cookie carries the header {CsrfHeader}: 1.");
                return;
            }
        }
        await next();
    });

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/session", SignIn).RequireRateLimiting(Limits.SignIn).WithMetadata(new RequestSizeLimitAttribute(CredentialsMax));
        app.MapGet("/session", WhoAmI).RequireRateLimiting(Limits.Calls);
        app.MapDelete("/session", SignOut).RequireRateLimiting(Limits.Calls);
    }

    private static async Task SignIn(Credentials credentials, HttpContext http, IdentityClient identity, SessionTokens tokens, SessionCookie cookie) => await WithIdentity(http, async () =>
    {
        var answer = await identity.SignInAsync(credentials.UserName, credentials.Password, http.Connection.RemoteIpAddress?.ToString(), http.RequestAborted);
        if (answer.Session is null)
        {
            http.Response.StatusCode = answer.Status;
            http.Response.ContentType = "application/problem+json";
            await http.Response.WriteAsync(answer.Refusal!, http.RequestAborted);
            return;
        }
        var session = new BrowserSession(answer.Session);
        tokens.Keep(session, answer.AccessToken!, answer.ExpiresIn);
        cookie.Write(http, session);
        await http.Response.WriteAsJsonAsync(new Who(answer.Person), http.RequestAborted);
    });

    private static async Task WhoAmI(HttpContext http, IdentityClient identity, SessionTokens tokens) => await WithIdentity(http, async () =>
    {
        var session = http.Features.Get<BrowserSession>();
        var token = session is null ? null : await tokens.GetAsync(session, http.RequestAborted);
        if (session is not null && token is null) SessionCookie.Delete(http);
        await http.Response.WriteAsJsonAsync(new Who(token is null ? null : await identity.MeAsync(token, http.RequestAborted)), http.RequestAborted);
    });

    private static async Task SignOut(HttpContext http, IdentityClient identity, SessionTokens tokens) => await WithIdentity(http, async () =>
    {
        if (http.Features.Get<BrowserSession>() is { } session)
        {
            await identity.EndAsync(session.Secret, http.RequestAborted);
            tokens.End(session);
        }
        SessionCookie.Delete(http);
        http.Response.StatusCode = 204;
    });

    /// <summary>False, with the answer given, where identity does not answer.</summary>
    public static async Task<bool> WithIdentity(HttpContext http, Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            await Problem.UnavailableAsync(http);
            return false;
        }
    }

    private static bool Changes(string method) => !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method));
}
