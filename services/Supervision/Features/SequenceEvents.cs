using System.Diagnostics;
using Npgsql;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>
/// Takes recorded events into the log, turn by turn at a fixed rhythm, far from any business transaction: at each beat when a public event waits, else at every fourth.
/// One instance holds the advisory lock and leads; everything happens on the connection that holds it. The rhythm keeps to the real clock: it is a rate, not a moment of the law.
/// </summary>
public sealed partial class SequenceEvents(AuditLog log, LogOptions options, ILogger<SequenceEvents> logger) : BackgroundService
{
    private const int LockClass = 727001, LockSequencer = 5, QuietBeats = 4;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500), LeaderRetry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await LeadAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(logger, e.GetType().Name, e.Message); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LeadAsync(CancellationToken ct)
    {
        var signer = await log.SignerAsync(ct);
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        while (!await LockAsync(connection, ct)) await Task.Delay(LeaderRetry, ct);
        try
        {
            var sequencer = await Sequencer.ResumeAsync(connection, log.Database, signer, publish: options.Witnesses.Count == 0, ct);
            var quiet = QuietBeats;                                       // the first turn comes at once
            for (var next = Stopwatch.GetTimestamp(); ; next += Stopwatch.Frequency / TimeSpan.TicksPerSecond * options.Every.Ticks)
            {
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, ct);
                else next = Stopwatch.GetTimestamp();                      // turns that were missed are not made up for
                if (++quiet < QuietBeats && !await sequencer.IsAskedForAsync(ct)) continue;
                await sequencer.TurnAsync(ct);
                quiet = 0;
            }
        }
        finally
        {
            if (connection.FullState == System.Data.ConnectionState.Open)
            {
                await using var unlock = new NpgsqlCommand("select pg_advisory_unlock_all()", connection);
                await unlock.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"select pg_try_advisory_lock({LockClass}, {LockSequencer})", connection);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Warning, "The sequencer stopped ({Kind}: {Reason}) and starts again.")]
    private static partial void LogLost(ILogger log, string kind, string reason);
}
