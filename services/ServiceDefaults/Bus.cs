using System.Text.Json;
using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Tendering.ServiceDefaults;

/// <summary>
/// One connection to RabbitMQ a process, made anew when it is lost. Events go to one topic exchange under their names; each
/// service hears through one durable queue of its own, so that what caused an event stands before it in every queue.
/// </summary>
public sealed class Bus(IConfiguration configuration) : IAsyncDisposable
{
    private readonly string _prefix = configuration["Bus:Prefix"] ?? "tendering";
    public const int PrefetchMax = 500;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;

    public bool IsConnected => _connection is { IsOpen: true };

    /// <summary>The exchange that carries every event under its name.</summary>
    public string Events => $"{_prefix}.events";
    public string QueueOf(string service) => $"{_prefix}.{service}";
    public string ReplayQueueOf(string service) => $"{_prefix}.{service}.replay";

    /// <summary>Asks a service to send part of its stream again to the queue of another.</summary>
    public async Task AskForReplayAsync(string source, long after, long? through, string[]? types, string subscriber, CancellationToken ct)
    {
        await using var channel = await OpenChannelAsync(confirms: true, ct);
        await DeclareQueueAsync(channel, ReplayQueueOf(source), [], ct);
        var body = JsonSerializer.SerializeToUtf8Bytes(new ReplayRequest(after, through, types, QueueOf(subscriber)), Outbox.Json);
        await channel.BasicPublishAsync("", ReplayQueueOf(source), mandatory: true, new BasicProperties { DeliveryMode = DeliveryModes.Persistent }, body, ct);
    }

    public async Task<IChannel> OpenChannelAsync(bool confirms, CancellationToken ct)
    {
        var connection = await ConnectAsync(ct);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(confirms, confirms, outstandingPublisherConfirmationsRateLimiter: null), ct);
        await channel.ExchangeDeclareAsync(Events, ExchangeType.Topic, durable: true, cancellationToken: ct);
        return channel;
    }

    public async Task DeclareQueueAsync(IChannel channel, string queue, IEnumerable<string> types, CancellationToken ct)
    {
        // 'quorum' for a cluster; one machine needs no replicas.
        var kind = configuration["Bus:QueueType"] ?? "classic";
        // One consumer at a time keeps the order; another instance takes over when it goes.
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = kind, ["x-single-active-consumer"] = true };
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct);
        foreach (var type in types) await channel.QueueBindAsync(queue, Events, type, cancellationToken: ct);
    }

    /// <summary>The event in a delivery; what is none is set aside in a queue of its own, whole, for an operator to look at.</summary>
    public async Task<Envelope?> ReadAsync(IChannel channel, string queue, BasicDeliverEventArgs delivery, CancellationToken ct)
    {
        try
        {
            if (JsonSerializer.Deserialize<Envelope>(delivery.Body.Span, Outbox.Json) is { IsWhole: true } envelope) return envelope;
        }
        catch (JsonException) { /* no JSON, or none of this form */ }
        await DeclareQueueAsync(channel, queue + ".unreadable", [], ct);
        await channel.BasicPublishAsync("", queue + ".unreadable", mandatory: true, new BasicProperties(delivery.BasicProperties), delivery.Body, ct);
        await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, ct);
        return null;
    }

    private async Task<IConnection> ConnectAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true } open) return open;
        await _gate.WaitAsync(ct);
        try
        {
            if (_connection is { IsOpen: true } other) return other;
            if (_connection is not null) await DisposeQuietlyAsync(_connection);
            var url = configuration.GetConnectionString("rabbit") ?? configuration["TENDERING_RABBIT"] ?? throw new InvalidOperationException("TENDERING_RABBIT is not set: amqp://user:password@host:port/");
            // Its own recovery is off: each relay and subscription starts again by itself, from what the database says.
            var factory = new ConnectionFactory { Uri = new Uri(url), AutomaticRecoveryEnabled = false, TopologyRecoveryEnabled = false, ClientProvidedName = "tendering", RequestedHeartbeat = TimeSpan.FromSeconds(20) };
            return _connection = await factory.CreateConnectionAsync(ct);
        }
        finally { _gate.Release(); }
    }

    private static async Task DisposeQuietlyAsync(IConnection connection)
    {
        try { await connection.DisposeAsync(); }
        catch (Exception e) when (e is IOException or RabbitMQ.Client.Exceptions.RabbitMQClientException or ObjectDisposedException or TimeoutException or OperationCanceledException) { /* it was lost already */ }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await DisposeQuietlyAsync(_connection);
        _gate.Dispose();
    }
}
