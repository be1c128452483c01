using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Features;
using Tendering.Testing;

namespace Tendering.Supervision.Tests;

public sealed class SupervisionHost() : ServiceFixture(SupervisionService.Name, SupervisionService.Add, SupervisionService.Map)
{
    private readonly ConcurrentBag<string> _sources = [];

    public Bus Bus => Services.GetRequiredService<Bus>();
    public HttpClient Supervisor => As(Roles.Supervisor);

    /// <summary>A source that no other test uses.</summary>
    public string NewSource()
    {
        var source = "s" + Guid.NewGuid().ToString("N")[..8];
        _sources.Add(source);
        return source;
    }

    /// <summary>An event as a service sends it; its id follows from source and number, so that the same call makes the same event.</summary>
    public static Envelope Event(string source, long sequence, Guid? tender = null, string opinion = "fine", string? trace = null)
    {
        var message = new ReviewDecided(tender ?? Guid.Empty, 1, Guid.Empty, true, opinion, new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero));
        var name = Outbox.NameOf(typeof(ReviewDecided));
        var id = new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{source}/{sequence}")).AsSpan(0, 16));
        return new Envelope(id, name.Name, name.Version, source, sequence, tender, JsonSerializer.Serialize(message, Outbox.Json), null, null,
            Guid.Empty, Guid.Empty, "supervisor", "10.0.0.1", message.DecidedAt, trace);
    }

    public async Task SendAsync(params IEnumerable<Envelope> events)
    {
        await ListensAsync();
        await PublishAsync(events);
    }

    public async Task PublishAsync(IEnumerable<Envelope> events)
    {
        await using var channel = await Bus.OpenChannelAsync(confirms: true, default);
        foreach (var e in events) await channel.BasicPublishAsync(Bus.Events, e.Type, mandatory: true, new BasicProperties(), JsonSerializer.SerializeToUtf8Bytes(e, Outbox.Json));
    }

    /// <summary>Plays the source: answers requests for a replay with these events until it is disposed.</summary>
    public async Task<ReplayingSource> PlayAsync(string source, Func<long, Envelope?> eventAt)
    {
        var channel = await Bus.OpenChannelAsync(confirms: true, default);
        var playing = new ReplayingSource(channel);
        await Bus.DeclareQueueAsync(channel, Bus.ReplayQueueOf(source), [], default);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var request = JsonSerializer.Deserialize<ReplayRequest>(delivery.Body.Span, Outbox.Json)!;
            playing.Asked.Enqueue(request);
            for (var n = request.After + 1; n <= request.Through; n++)
                if (eventAt(n) is { } e) await channel.BasicPublishAsync("", request.Queue, true, new BasicProperties(), JsonSerializer.SerializeToUtf8Bytes(e, Outbox.Json));
        };
        await channel.BasicConsumeAsync(Bus.ReplayQueueOf(source), autoAck: true, consumer);
        return playing;
    }

    public Task<List<RecordedEvent>> RecordedAsync(string source) => InDbAsync<SupervisionDb, List<RecordedEvent>>(db =>
        db.Events.AsNoTracking().Where(e => e.Source == source).OrderBy(e => e.Index).ToListAsync());

    public async Task<List<RecordedEvent>> RecordedAsync(string source, int count)
    {
        var recorded = new List<RecordedEvent>();
        await EventuallyAsync(async () => (recorded = await RecordedAsync(source)).Count >= count, $"{count} events of {source}");
        return recorded;
    }

    public async Task<List<ListAlarms.Item>> AlarmsAsync(string source) =>
        [.. (await Supervisor.GetFromJsonAsync<List<ListAlarms.Item>>("/api/supervision/alarms"))!.Where(a => a.Source == source)];

    public async Task<List<ListAlarms.Item>> AlarmsAsync(string source, int count)
    {
        var alarms = new List<ListAlarms.Item>();
        await EventuallyAsync(async () => (alarms = await AlarmsAsync(source)).Count >= count, $"{count} alarms about {source}");
        return alarms;
    }

    /// <summary>True once nothing that was sent is still on its way.</summary>
    public async Task SettledAsync()
    {
        var marker = NewSource();
        await SendAsync(Event(marker, 1));
        await RecordedAsync(marker, 1);
    }

    protected override IEnumerable<string> QueuesOf(Bus bus) => base.QueuesOf(bus).Concat(_sources.Select(bus.ReplayQueueOf));
}

public sealed class ReplayingSource(IChannel channel) : IAsyncDisposable
{
    public ConcurrentQueue<ReplayRequest> Asked { get; } = [];
    public ValueTask DisposeAsync() => channel.DisposeAsync();
}
