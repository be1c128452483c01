using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Tendering.ServiceDefaults;

/// <summary>Asks a service to send a part of its stream again, straight to the queue of whoever missed it.</summary>
public sealed record ReplayRequest(long After, long? Through, string[]? Types, string Queue);

/// <summary>Work of a service that cannot wait, as its last minutes before a deadline: while it is thick its events are told a little later.</summary>
public interface IRushHour
{
    bool IsNow { get; }
}

/// <summary>Where the relay stands; a test may end it here as a crash would.</summary>
public enum RelayStep { Numbered, Published, Marked }

/// <summary>
/// Numbers a service's events 1, 2, 3 … in commit order and publishes them in that order. One relay a service holds the advisory
/// lock; numbering is durable before anything is sent, and a crash at any point sends an event twice, never zero times.
/// </summary>
public sealed partial class Relay(string service, NpgsqlDataSource database, Bus bus, ILogger<Relay> log, IRushHour? rush = null) : BackgroundService
{
    public const int BatchMax = 500;
    private const int LockClass = 727001, LockLeader = 1, LockIdle = 2;
    private static readonly TimeSpan Fallback = TimeSpan.FromSeconds(5), Retry = TimeSpan.FromMilliseconds(500), LeaderRetry = TimeSpan.FromSeconds(1);

    // A busy stream is taken in gulps, not in sips: each round costs two commits, however many events it takes. And it is not waited for with the idle lock in between:
    // each writer would have to wake the relay, one after the other.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20), BusyFor = TimeSpan.FromMilliseconds(300);

    // What comes first may put a round off, never for longer: then everything that waits is told.
    private static readonly TimeSpan YieldMax = TimeSpan.FromSeconds(2);
    internal static readonly ActivitySource Trace = new("Tendering.Bus");

    private volatile bool _unasked;                    // the queue of requests was taken away

    /// <summary>Called after every step.</summary>
    public Func<RelayStep, Task> OnStep { get; set; } = _ => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await LeadAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(log, service, e.GetType().Name, e.Message); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Everything happens on the connection that holds the lock: if it is lost, so is the right to number.</summary>
    public async Task LeadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        while (!await ScalarAsync<bool>(connection, $"select pg_try_advisory_lock({LockClass}, {LockLeader})", ct)) await Task.Delay(LeaderRetry, ct);
        try
        {
            await using var channel = await bus.OpenChannelAsync(confirms: true, ct);
            await AnswerReplaysAsync(channel, ct);
            await ExecuteAsync(connection, "listen outbox; set lock_timeout = '50ms'", ct);
            long? worked = null;
            while (!ct.IsCancellationRequested)
            {
                if (channel.IsClosed || _unasked) throw new IOException("The channel to the broker was closed, or the queue of requests is gone.");
                var numbered = await NumberAsync(connection, ct);
                var published = await PublishAsync(connection, channel, ct);
                if (numbered == BatchMax || published == BatchMax) continue;
                if (numbered > 0) worked = TimeProvider.System.GetTimestamp();
                if (await YieldAsync(ct)) continue;
                if (worked is { } at && TimeProvider.System.GetElapsedTime(at) < BusyFor) await Task.Delay(Gather, ct);
                else await WaitForWorkAsync(connection, ct);
            }
        }
        finally
        {
            // The pool resets what the session holds when the connection goes back, the lock among it.
            if (connection.FullState == System.Data.ConnectionState.Open) await ExecuteAsync(connection, "select pg_advisory_unlock_all()", CancellationToken.None);
        }
    }

    private async Task<bool> YieldAsync(CancellationToken ct)
    {
        if (rush is not { IsNow: true }) return false;
        for (var start = TimeProvider.System.GetTimestamp(); rush.IsNow && TimeProvider.System.GetElapsedTime(start) < YieldMax;) await Task.Delay(Gather, ct);
        return true;
    }

    // The order of 'position' among committed rows respects cause and effect: what was written after a commit was seen has a
    // higher position; a row that commits late is numbered late. Only this session numbers, so there is no gap.
    private async Task<int> NumberAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            with head as (select coalesce(max(sequence), 0) as last from outbox),
                 waiting as (select position from outbox where sequence is null order by position limit @max),
                 numbered as (select position, row_number() over (order by position) as n from waiting)
            update outbox set sequence = head.last + numbered.n from numbered, head where outbox.position = numbered.position
            """, connection) { Parameters = { new("max", BatchMax) } };
        await command.PrepareAsync(ct);
        var count = await command.ExecuteNonQueryAsync(ct);
        if (count > 0) await OnStep(RelayStep.Numbered);
        return count;
    }

    private async Task<int> PublishAsync(NpgsqlConnection connection, IChannel channel, CancellationToken ct)
    {
        var batch = await ReadAsync(connection, "sequence > (select published from relay)", [], ct);
        if (batch.Count == 0) return 0;
        await Task.WhenAll(batch.Select(e => SendAsync(channel, bus.Events, e.Type, e, ct).AsTask()).ToArray());
        await OnStep(RelayStep.Published);
        // Not waiting for the disk is safe here: a lost mark only sends again.
        await ExecuteAsync(connection, $"begin; set local synchronous_commit = off; update relay set published = {batch[^1].Sequence}; commit", ct);
        await OnStep(RelayStep.Marked);
        return batch.Count;
    }

    private static async ValueTask SendAsync(IChannel channel, string exchange, string key, Envelope envelope, CancellationToken ct)
    {
        using var span = Follow("publish", ActivityKind.Producer, envelope);
        var properties = new BasicProperties { MessageId = envelope.Id.ToString(), Type = envelope.Type, DeliveryMode = DeliveryModes.Persistent, ContentType = "application/json" };
        var body = JsonSerializer.SerializeToUtf8Bytes(span is null ? envelope : envelope with { TraceParent = span.Id }, Outbox.Json);
        await channel.BasicPublishAsync(exchange, key, mandatory: false, properties, body, ct);
    }

    // Holding the idle lock means that no writer is under way that counts on us (see outbox_wake): look once more, then sleep.
    private static async Task WaitForWorkAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        try { await ExecuteAsync(connection, $"select pg_advisory_lock({LockClass}, {LockIdle})", ct); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable) { return; }
        try
        {
            if (await ScalarAsync<bool>(connection, "select exists (select 1 from outbox where sequence is null)", ct)) return;
            await connection.WaitAsync(Fallback, ct);
        }
        finally { if (!ct.IsCancellationRequested) await ExecuteAsync(connection, $"select pg_advisory_unlock({LockClass}, {LockIdle})", ct); }
    }

    private async Task<List<Envelope>> ReadAsync(NpgsqlConnection connection, string where, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            select id, type, version, sequence, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent
            from outbox where {where} order by sequence limit {BatchMax}
            """, connection);
        command.Parameters.AddRange(parameters);
        await command.PrepareAsync(ct);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var batch = new List<Envelope>();
        while (await reader.ReadAsync(ct))
            batch.Add(new Envelope(reader.GetGuid(0), reader.GetString(1), reader.GetInt32(2), service, reader.GetInt64(3), Value<Guid>(reader, 4), reader.GetString(5),
                Text(reader, 6), reader.IsDBNull(7) ? null : reader.GetFieldValue<byte[]>(7), Value<Guid>(reader, 8), Value<Guid>(reader, 9), Text(reader, 10), Text(reader, 11),
                reader.GetFieldValue<DateTimeOffset>(12), Text(reader, 13)));
        return batch;
    }

    // Whoever leads answers the requests: a subscriber that missed something gets it in its own queue.
    private async Task AnswerReplaysAsync(IChannel channel, CancellationToken ct)
    {
        var queue = bus.ReplayQueueOf(service);
        await bus.DeclareQueueAsync(channel, queue, [], ct);
        await channel.BasicQosAsync(0, 1, false, ct);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            try
            {
                if (JsonSerializer.Deserialize<ReplayRequest>(delivery.Body.Span, Outbox.Json) is { Queue: not null } request) await SendAgainAsync(request, ct);
                await channel.BasicAckAsync(delivery.DeliveryTag, false, ct);
            }
            catch (JsonException) { await channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false, ct); }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogLost(log, service, e.GetType().Name, e.Message);
                await Task.Delay(Retry, ct);
                await channel.BasicRejectAsync(delivery.DeliveryTag, requeue: true, ct);
            }
        };
        _unasked = false;
        consumer.UnregisteredAsync += (_, _) => { _unasked = true; return Task.CompletedTask; };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, ct);
    }

    private async Task SendAgainAsync(ReplayRequest request, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var channel = await bus.OpenChannelAsync(confirms: true, ct);
        var after = request.After;
        while (true)
        {
            var batch = await ReadAsync(connection, "sequence > @after and sequence <= @through and sequence <= (select published from relay)",
                [new("after", after), new("through", NpgsqlDbType.Bigint) { Value = request.Through ?? long.MaxValue }], ct);
            if (batch.Count == 0) return;
            await Task.WhenAll(batch.Where(e => request.Types is null || request.Types.Contains(e.Type)).Select(e => SendAsync(channel, "", request.Queue, e, ct).AsTask()).ToArray());
            after = batch[^1].Sequence;
        }
    }

    // What is done with a secret event joins its trace unrecorded, and so does all below it: who reads the telemetry must not count what is secret.
    internal static Activity? Follow(string verb, ActivityKind kind, Envelope envelope)
    {
        if (envelope.SecretUntil is null) return Trace.StartActivity($"{verb} {envelope.Type}", kind, envelope.TraceParent);
        var known = ActivityContext.TryParse(envelope.TraceParent, null, out var parent);
        var unrecorded = new ActivityContext(known ? parent.TraceId : ActivityTraceId.CreateRandom(), known ? parent.SpanId : ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
        return Trace.StartActivity($"{verb} {envelope.Type}", kind, unrecorded);
    }

    private static T? Value<T>(NpgsqlDataReader reader, int column) where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Warning, "The relay of {Service} stopped ({Kind}: {Reason}) and starts again.")]
    private static partial void LogLost(ILogger log, string service, string kind, string reason);
}
