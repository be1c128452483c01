using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Identity.Data;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>A new key signs tokens from now on, on the operator's demand; the old one stays published until its tokens are gone.</summary>
public static class RotateSigningKeys
{
    public sealed record Response(string KeyId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/signing-keys/rotation", Handle)
        .AllowRoles(Roles.Operator).WithSummary("Sign tokens with a new key from now on");

    private static async Task<Ok<Response>> Handle(SigningKeys keys, CancellationToken ct) => TypedResults.Ok(new Response(await keys.RotateAsync(force: true, ct)));
}

/// <summary>By real time: a key that has become old is rotated, and sessions and attempts that nobody can refer to any more are forgotten.</summary>
public sealed partial class Upkeep(SigningKeys keys, IServiceScopeFactory scopes, RealClock clock, ILogger<Upkeep> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1), SessionsKeptFor = TimeSpan.FromDays(30), AttemptsKeptFor = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await RunAsync(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, e.GetType().Name); }
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        await keys.RotateAsync(force: false, ct);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var (sessions, attempts) = (clock.Now - SessionsKeptFor, clock.Now - AttemptsKeptFor);
        await db.Sessions.Where(s => s.OpenedAt < sessions).ExecuteDeleteAsync(ct);
        await db.Database.ExecuteSqlAsync($"delete from sign_in_guard where last_at < {attempts}", ct);
    }

    [LoggerMessage(LogLevel.Warning, "Upkeep of keys and sessions failed ({Kind}) and is tried again later.")]
    private static partial void LogFailed(ILogger log, string kind);
}
