using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tendering.Gateway.Tests;

/// <summary>What a service saw of a call.</summary>
public sealed record Seen(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body, string? TraceId);

/// <summary>All services in one small server: identity's sessions as the API says them, and everything else answers what it saw.</summary>
public sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _tokens, _asked;

    private Upstream(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";
    public ConcurrentQueue<Seen> Calls { get; } = new();
    public ConcurrentDictionary<string, string> Sessions { get; } = new();
    public int TokensGiven => _tokens;
    public int TokensAsked => Volatile.Read(ref _asked);
    public int ExpiresIn { get; set; } = 300;
    public bool Ready { get; set; } = true;

    public static async Task<Upstream> StartAsync(string address = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["urls"] = address;
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        var app = builder.Build();
        var upstream = new Upstream(app);
        app.MapPost("/api/identity/sessions", upstream.SignIn);
        app.MapPost("/api/identity/sessions/token", upstream.TokenAsync);
        app.MapPost("/api/identity/sessions/end", upstream.End);
        app.MapGet("/api/identity/me", (HttpContext http) => new { id = 1, name = "Li", token = http.Request.Headers.Authorization.ToString().Length > 0 ? "sent" : "missing" });
        app.MapGet("/health/ready", () => upstream.Ready ? Results.Text("Healthy") : Results.StatusCode(503));
        app.Map("/{**path}", upstream.Echo);
        await app.StartAsync();
        upstream.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return upstream;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult SignIn(JsonElement body, HttpContext http)
    {
        if (body.GetProperty("password").GetString() != "right")
            return Results.Problem(statusCode: 401, title: "User name and password do not fit.", extensions: new Dictionary<string, object?> { ["code"] = "sign-in-failed" });
        var session = "secret-" + Guid.NewGuid().ToString("N");
        Sessions[session] = body.GetProperty("userName").GetString()!;
        Calls.Enqueue(new Seen("POST", "/api/identity/sessions", Read(http), "", null));
        return Results.Ok(new { session, accessToken = "token-0-" + session, expiresIn = ExpiresIn, person = new { id = 1, name = "Li", roles = new[] { "agency" } } });
    }

    private async Task<IResult> TokenAsync(JsonElement body)
    {
        var session = body.GetProperty("session").GetString()!;
        var open = Sessions.ContainsKey(session);
        Interlocked.Increment(ref _asked);
        await Task.Delay(100);                                        // long enough for others to come while it is on its way
        return open
            ? Results.Ok(new { accessToken = $"token-{Interlocked.Increment(ref _tokens)}-{session}", expiresIn = ExpiresIn })
            : Results.Problem(statusCode: 401, extensions: new Dictionary<string, object?> { ["code"] = "session-ended" });
    }

    private IResult End(JsonElement body)
    {
        Sessions.TryRemove(body.GetProperty("session").GetString()!, out _);
        return Results.NoContent();
    }

    private async Task Echo(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var seen = new Seen(http.Request.Method, http.Request.Path, Read(http), await reader.ReadToEndAsync(), Activity.Current?.TraceId.ToString());
        Calls.Enqueue(seen);
        http.Response.Headers.Server = "Inner/1.0";
        http.Response.Headers.SetCookie = "inner=1";
        await http.Response.WriteAsJsonAsync(new { path = seen.Path, length = seen.Body.Length });
    }

    private static Dictionary<string, string> Read(HttpContext http) => http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
}
