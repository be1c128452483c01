using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using Npgsql;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>
/// At long intervals (<c>Log:TimestampEvery</c>, a day) a time-stamping authority (RFC 3161) states when the published checkpoint existed; with that nobody, the platform and its witnesses together neither,
/// can later make a history for that time. The time is the real one, whatever a simulated clock says.
/// </summary>
public sealed partial class FetchTimestamp(AuditLog log, LogOptions options, IServiceScopeFactory scopes, TimeProvider clock, ILogger<FetchTimestamp> logger) : BackgroundService
{
    private const int LockClass = 727001, LockTimestamp = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), PauseMax = TimeSpan.FromMinutes(10), RetryMax = TimeSpan.FromMinutes(10), AnswerTimeMax = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.TimestampAuthority is null) return;
        using var http = new HttpClient { Timeout = AnswerTimeMax, MaxResponseContentBufferSize = CheckpointTimestamp.BytesMax };
        var (failures, alarmed) = (0, false);
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                pause = await UntilDueAsync(stoppingToken) is { } wait ? wait : await FetchAsync(http, stoppingToken) ? TimeSpan.Zero : Pause;
                if (pause != Pause) (failures, alarmed) = (0, false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(logger, e.GetType().Name, e.Message);
                failures++;
            }
            if (failures > 0 && !alarmed) alarmed = await RaiseIfLateAsync(stoppingToken);
            if (failures > 0) pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures), RetryMax.TotalSeconds));
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // How long to sleep while the last token is young enough; null: another one is due.
    private async Task<TimeSpan?> UntilDueAsync(CancellationToken ct)
    {
        await using var last = log.Database.CreateCommand("select (extract(epoch from max(made_at) + $1 - now()) * 1000)::bigint from log_timestamp");
        last.Parameters.Add(new() { Value = options.TimestampEvery });
        return await last.ExecuteScalarAsync(ct) is long milliseconds and > 0 ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, PauseMax.TotalMilliseconds)) : null;
    }

    private async Task<bool> FetchAsync(HttpClient http, CancellationToken ct)
    {
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // One instance asks; the others find the lock held or the token there.
        await using var due = new NpgsqlCommand($"""
            select published from log_head where published_size > coalesce((select max(size) from log_timestamp), 0) and not exists (select 1 from log_timestamp where made_at > now() - $1) and pg_try_advisory_xact_lock({LockClass}, {LockTimestamp})
            """, connection, transaction) { Parameters = { new() { Value = options.TimestampEvery } } };
        if (await due.ExecuteScalarAsync(ct) is not string published) return false;
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(published).Text);
        var token = await AskAsync(http, checkpoint, ct);
        await using var keep = new NpgsqlCommand("insert into log_timestamp (made_at, size, checkpoint, token) values (now(), $1, $2, $3)", connection, transaction)
        {
            Parameters = { new() { Value = checkpoint.Size }, new() { Value = published }, new() { Value = token } },
        };
        await keep.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    // What the authority answers must be a token over this text; whom to trust is for those to say who check it.
    private async Task<byte[]> AskAsync(HttpClient http, Checkpoint checkpoint, CancellationToken ct)
    {
        var request = CheckpointTimestamp.Request(checkpoint);
        using var content = new ByteArrayContent(request.Encode()) { Headers = { ContentType = new MediaTypeHeaderValue("application/timestamp-query") } };
        using var response = await http.PostAsync(options.TimestampAuthority, content, ct);
        response.EnsureSuccessStatusCode();
        var token = request.ProcessResponse(await response.Content.ReadAsByteArrayAsync(ct), out _).AsSignedCms().Encode();
        var check = CheckpointTimestamp.Verify(checkpoint, token, []);
        return check.Verdict is TimestampVerdict.Good or TimestampVerdict.AuthorityNotTrusted ? token : throw new CryptographicException($"The time-stamp is {check.Verdict}.");
    }

    private async Task<bool> RaiseIfLateAsync(CancellationToken ct)
    {
        await using var late = log.Database.CreateCommand("select coalesce((select max(made_at) from log_timestamp), (select min(created_at) from log_key)) < now() - interval '2 days'");
        if (await late.ExecuteScalarAsync(ct) is not true) return false;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SupervisionDb>();
        db.Raise(LogAlarm.OfWitness(LogAlarm.TimestampMissing, "The time-stamping authority has given no token for two days.", clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "No time-stamp was had ({Kind}: {Reason}); it is asked for again.")]
    private static partial void LogFailed(ILogger log, string kind, string reason);
}
