using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Tendering.Contracts.Platform;

namespace Tendering.ServiceDefaults;

/// <summary>An event as its handler gets it. <see cref="Now"/> is the service's clock at the handling.</summary>
public sealed record Received<T>(T Event, Envelope Envelope, DateTimeOffset Now, IServiceProvider Services);

/// <summary>What a service does on one type of event. Handlers of one event run one after the other, each in its own transaction.</summary>
public sealed record Consumer<TDb>(string Name, string Type, Func<Envelope, TDb, IServiceProvider, DateTimeOffset, CancellationToken, Task> Handle) where TDb : DbContext;

public static class Inbox
{
    /// <summary>Handles the event unless this consumer already has; true if it did.</summary>
    public static async Task<bool> HandleOnceAsync<TDb>(Consumer<TDb> consumer, Envelope envelope, IServiceScopeFactory scopes, TimeProvider clock, CancellationToken ct) where TDb : DbContext
    {
        using var span = Relay.Follow("handle", ActivityKind.Consumer, envelope);
        Caller.Current = new Caller(envelope.PersonId, envelope.OrganisationId, null, envelope.Role?.Split(' ') ?? [], envelope.Address);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var first = await db.Database.ExecuteSqlAsync($"insert into inbox (event_id, consumer) values ({envelope.Id}, {consumer.Name}) on conflict do nothing", ct);
        if (first == 0) return false;
        await consumer.Handle(envelope, db, scope.ServiceProvider, clock.GetUtcNow(), ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }
}

/// <summary>
/// Hears events through the service's one queue, in order: lanes by tender run side by side, an event without a tender waits for
/// all lanes and they for it. Inbox row and effect commit together; what cannot be handled after its retries is parked with an alarm.
/// </summary>
public sealed partial class Inbox<TDb>(string service, IReadOnlyList<Consumer<TDb>> consumers, Bus bus, IServiceScopeFactory scopes, TimeProvider clock, ILogger<Inbox<TDb>> log)
    : BackgroundService where TDb : DbContext
{
    private const int LanesMax = 4, AttemptsMax = 6;
    private static readonly TimeSpan[] BackOff = [.. new[] { 50, 200, 800, 2_000, 5_000 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly ILookup<string, Consumer<TDb>> _byType = consumers.ToLookup(c => c.Type);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await ListenAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(log, service, e.GetType().Name, e.Message); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var channel = await bus.OpenChannelAsync(confirms: true, lost.Token);
        await bus.DeclareQueueAsync(channel, bus.QueueOf(service), _byType.Select(g => g.Key), lost.Token);
        await channel.BasicQosAsync(0, Bus.PrefetchMax, false, lost.Token);

        var arrived = System.Threading.Channels.Channel.CreateUnbounded<Delivery>();      // bounded by the prefetch
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, d) =>
        {
            if (await bus.ReadAsync(channel, bus.QueueOf(service), d, lost.Token) is { } envelope) arrived.Writer.TryWrite(new Delivery(d.DeliveryTag, envelope));
        };
        channel.ChannelShutdownAsync += async (_, _) => await lost.CancelAsync();
        consumer.UnregisteredAsync += async (_, _) => await lost.CancelAsync();            // the queue is gone, or has moved to another node
        channel.CallbackExceptionAsync += async (_, _) => await lost.CancelAsync();
        await channel.BasicConsumeAsync(bus.QueueOf(service), autoAck: false, consumer, lost.Token);
        await DispatchAsync(arrived.Reader, channel, lost);
    }

    private async Task DispatchAsync(ChannelReader<Delivery> arrived, IChannel channel, CancellationTokenSource lost)
    {
        var lanes = new Task[LanesMax];
        Array.Fill(lanes, Task.CompletedTask);
        try
        {
            await foreach (var delivery in arrived.ReadAllAsync(lost.Token))
            {
                if (delivery.Envelope.TenderId is not { } tender)
                {
                    await Task.WhenAll(lanes);
                    await HandleAsync(delivery, channel, lost);
                    continue;
                }
                var lane = (tender.GetHashCode() & int.MaxValue) % LanesMax;
                var before = lanes[lane];
                lanes[lane] = Task.Run(async () => { await before; await HandleAsync(delivery, channel, lost); });
            }
        }
        finally { await Task.WhenAll(lanes); }
    }

    // Never throws: what fails here in spite of retries and parking ends this session; the broker delivers again to the next.
    private async Task HandleAsync(Delivery delivery, IChannel channel, CancellationTokenSource lost)
    {
        if (lost.IsCancellationRequested) return;
        try
        {
            foreach (var consumer in _byType[delivery.Envelope.Type]) await HandleOrParkAsync(consumer, delivery.Envelope, lost.Token);
            await channel.BasicAckAsync(delivery.Tag, multiple: false, lost.Token);
        }
        catch (Exception e)
        {
            if (!lost.IsCancellationRequested) LogLost(log, service, e.GetType().Name, e.Message);
            await lost.CancelAsync();
        }
    }

    private async Task HandleOrParkAsync(Consumer<TDb> consumer, Envelope envelope, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Inbox.HandleOnceAsync(consumer, envelope, scopes, clock, ct);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogFailed(log, service, consumer.Name, envelope.Id, attempt, e);
                if (ProblemHandler.IsDatabaseAway(e)) attempt--;             // not the event's fault: wait for the database, for ever
                else if (attempt == AttemptsMax) { await ParkAsync(consumer, envelope, attempt, e, ct); return; }
                await Task.Delay(BackOff[Math.Clamp(attempt - 1, 0, BackOff.Length - 1)], ct);
            }
        }
    }

    private async Task ParkAsync(Consumer<TDb> consumer, Envelope envelope, int attempts, Exception why, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var (body, error, now) = (JsonSerializer.Serialize(envelope, Outbox.Json), why.GetType().Name, clock.GetUtcNow());
        await db.Database.ExecuteSqlAsync($"""
            insert into parked (event_id, consumer, envelope, error, attempts, parked_at) values ({envelope.Id}, {consumer.Name}, {body}, {error}, {attempts}, {now.ToUniversalTime()})
            on conflict (event_id, consumer) do update set attempts = parked.attempts + excluded.attempts, error = excluded.error, parked_at = excluded.parked_at
            """, ct);
        db.Publish(new MessageParked(service, envelope.Id, envelope.Type, consumer.Name, error, now), now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        LogParked(log, service, consumer.Name, envelope.Id);
    }

    private sealed record Delivery(ulong Tag, Envelope Envelope);

    [LoggerMessage(LogLevel.Warning, "{Service} stopped hearing events ({Kind}: {Reason}) and starts again.")]
    private static partial void LogLost(ILogger log, string service, string kind, string reason);

    [LoggerMessage(LogLevel.Warning, "{Service}: {Consumer} could not handle event {Event}, attempt {Attempt}.")]
    private static partial void LogFailed(ILogger log, string service, string consumer, Guid @event, int attempt, Exception e);

    [LoggerMessage(LogLevel.Critical, "{Service}: {Consumer} parked event {Event}; it waits for an operator.")]
    private static partial void LogParked(ILogger log, string service, string consumer, Guid @event);
}

/// <summary>Hears every event of every service, many at once in one transaction, in the order of the queue. For whoever keeps the whole record.</summary>
public sealed partial class InboxOfEverything<TDb>(string service, Func<IReadOnlyList<Envelope>, TDb, IServiceProvider, CancellationToken, Task> handle, Bus bus, IServiceScopeFactory scopes, ILogger<InboxOfEverything<TDb>> log)
    : BackgroundService where TDb : DbContext
{
    private const int BatchMax = 500;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { await ListenAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogLost(log, service, e); }
            await Task.Delay(Retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A batch that fails closes the channel: the broker delivers it again, in order. Nothing is skipped.
    private async Task ListenAsync(CancellationToken stopping)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var channel = await bus.OpenChannelAsync(confirms: true, lost.Token);
        await bus.DeclareQueueAsync(channel, bus.QueueOf(service), ["#"], lost.Token);
        await channel.BasicQosAsync(0, BatchMax * 2, false, lost.Token);
        var arrived = System.Threading.Channels.Channel.CreateUnbounded<(ulong Tag, Envelope Envelope)>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, d) =>
        {
            if (await bus.ReadAsync(channel, bus.QueueOf(service), d, lost.Token) is { } envelope) arrived.Writer.TryWrite((d.DeliveryTag, envelope));
        };
        channel.ChannelShutdownAsync += async (_, _) => await lost.CancelAsync();
        consumer.UnregisteredAsync += async (_, _) => await lost.CancelAsync();            // the queue is gone, or has moved to another node
        channel.CallbackExceptionAsync += async (_, _) => await lost.CancelAsync();
        await channel.BasicConsumeAsync(bus.QueueOf(service), autoAck: false, consumer, lost.Token);

        var batch = new List<Envelope>(BatchMax);
        while (await arrived.Reader.WaitToReadAsync(lost.Token))
        {
            batch.Clear();
            ulong last = 0;
            while (batch.Count < BatchMax && arrived.Reader.TryRead(out var next)) { batch.Add(next.Envelope); last = next.Tag; }
            await using (var scope = scopes.CreateAsyncScope())
            {
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                await using var transaction = await db.Database.BeginTransactionAsync(lost.Token);
                await handle(batch, db, scope.ServiceProvider, lost.Token);
                await db.SaveChangesAsync(lost.Token);
                await transaction.CommitAsync(lost.Token);
            }
            await channel.BasicAckAsync(last, multiple: true, lost.Token);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Service} stopped hearing events and starts again.")]
    private static partial void LogLost(ILogger log, string service, Exception e);
}
