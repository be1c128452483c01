using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>Makes the key of the random function that draws coefficients once, before any tender that asks for a draw, and tells everyone.</summary>
public sealed partial class PublishCoefficientKeyAtFirstStart(IServiceScopeFactory scopes, Secrets secrets, TimeProvider clock, ILogger<PublishCoefficientKeyAtFirstStart> log) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await PublishOnceAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, e.GetType().Name); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PublishOnceAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BidOpeningDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Several instances may start at once: one makes the key, the others find it.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('vrf-key', 0))", ct);
        if (await db.VrfKeys.AnyAsync(ct)) return;
        var now = clock.GetUtcNow();
        var key = VrfKey.Make(secrets, now);
        db.Add(key);
        db.Publish(new CoefficientKeyPublished(key.Id, key.PublicKey, now), now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "The key for coefficients could not be made yet ({Kind}); it is tried again.")]
    private static partial void LogFailed(ILogger log, string kind);
}
