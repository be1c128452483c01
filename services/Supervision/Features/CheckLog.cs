using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>At its start and then once a day, by the real clock, supervision compares its record with its log; a difference is the gravest alarm, once.</summary>
public sealed partial class CheckLog(AuditLog log, IServiceScopeFactory scopes, TimeProvider clock, ILogger<CheckLog> logger) : BackgroundService
{
    private const int LockClass = 727001, LockCheck = 10;
    private static readonly TimeSpan Every = TimeSpan.FromDays(1), Retry = TimeSpan.FromMinutes(1), Start = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Start;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested) return;
            try
            {
                await CheckAsync(stoppingToken);
                pause = Every;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(logger, e.GetType().Name, e.Message);
                pause = Retry;
            }
        }
    }

    public async Task CheckAsync(CancellationToken ct)
    {
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        if (!await TryAsync(connection, "select pg_try_advisory_lock", ct)) return;
        try
        {
            if (await LogCheck.RunAsync(log.Database, (await log.SignerAsync(ct)).Key, ct) is { } difference) await RaiseAsync(difference, ct);
        }
        finally { await TryAsync(connection, "select pg_advisory_unlock", CancellationToken.None); }
    }

    private async Task RaiseAsync(LogCheck.Difference difference, CancellationToken ct)
    {
        LogDiffers(logger, difference.What);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SupervisionDb>();
        if (await db.Alarms.AnyAsync(a => a.Kind == LogAlarm.Differs && a.Detail == difference.What, ct)) return;
        db.Raise(LogAlarm.OfDifference(difference.Index, difference.What, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
    }

    private static async Task<bool> TryAsync(NpgsqlConnection connection, string function, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"{function}({LockClass}, {LockCheck})", connection);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Critical, "Record and log differ: {What}")]
    private static partial void LogDiffers(ILogger log, string what);

    [LoggerMessage(LogLevel.Warning, "Comparing record and log failed ({Kind}: {Reason}) and is tried again.")]
    private static partial void LogFailed(ILogger log, string kind, string reason);
}
