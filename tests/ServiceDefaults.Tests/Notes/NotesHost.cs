using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests.Notes;

public sealed class NotesHost() : ServiceFixture(NotesService.Name, NotesService.Add, NotesService.Map)
{
    private readonly ConcurrentBag<string> _queues = [];

    public Bus Bus => Services.GetRequiredService<Bus>();
    public Obstacles Obstacles => Services.GetRequiredService<Obstacles>();
    public Relay Relay => Services.GetServices<IHostedService>().OfType<Relay>().Single();
    public NpgsqlDataSource Database => Services.GetRequiredKeyedService<NpgsqlDataSource>(NotesService.Name);
    public string Role => new NpgsqlConnectionStringBuilder(ConnectionString).Username!;

    /// <summary>An administrator's connection to the service's database.</summary>
    public string Owner => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(ConnectionString).Database }.ConnectionString;

    /// <summary>Publishes events, each in a transaction of its own.</summary>
    public async Task PublishAsync<T>(params IEnumerable<T> events) where T : class
    {
        foreach (var e in events)
            await InDbAsync<NotesDb, int>(db => { db.Publish(e, Clock.GetUtcNow()); return db.SaveChangesAsync(); });
    }

    /// <summary>Hears all that the service publishes, as another service would.</summary>
    public async Task<Listener> ListenAsync()
    {
        var name = "listener" + Guid.NewGuid().ToString("N")[..8];
        _queues.Add(name);
        return await Listener.StartAsync(Bus, name);
    }

    public Task<List<Effect>> EffectsAsync(Guid? tender) => InDbAsync<NotesDb, List<Effect>>(db =>
        db.Effects.AsNoTracking().Where(e => e.TenderId == tender).OrderBy(e => e.Id).ToListAsync());

    public async Task<IReadOnlyList<int>> EffectsAsync(Guid? tender, int count)
    {
        var effects = new List<Effect>();
        await EventuallyAsync(async () => (effects = await EffectsAsync(tender)).Count >= count, $"{count} effects");
        return [.. effects.Select(e => e.Number)];
    }

    public Task<List<long?>> SequencesAsync() => InDbAsync<NotesDb, List<long?>>(db => db.Set<OutboxEvent>().OrderBy(e => e.Sequence).Select(e => e.Sequence).ToListAsync());

    /// <summary>True when no event waits for its number or for the broker.</summary>
    public Task AllPublishedAsync() => EventuallyAsync(async () => await ScalarAsync<bool>(Owner,
        "select not exists (select 1 from outbox where sequence is null) and (select coalesce(max(sequence), 0) from outbox) = (select published from relay)"), "the relay");

    public static async Task<T> ScalarAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The SQLSTATE with which a statement is refused.</summary>
    public static async Task<string> RefusedAsync(string connectionString, string sql) =>
        (await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync<object>(connectionString, sql))).SqlState;

    protected override IEnumerable<string> QueuesOf(Bus bus) => base.QueuesOf(bus).Concat(_queues.Select(bus.QueueOf));
}

/// <summary>Another service's queue, and what came through it in order of arrival.</summary>
public sealed class Listener(IChannel channel, string name) : IAsyncDisposable
{
    private readonly ConcurrentQueue<Envelope> _heard = [];

    public string Name => name;
    public IReadOnlyList<Envelope> Heard => [.. _heard];
    public IReadOnlyList<long> Sequences => [.. _heard.Select(e => e.Sequence)];

    public static async Task<Listener> StartAsync(Bus bus, string name)
    {
        var channel = await bus.OpenChannelAsync(confirms: false, default);
        var listener = new Listener(channel, name);
        await bus.DeclareQueueAsync(channel, bus.QueueOf(name), ["#"], default);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, d) => { listener._heard.Enqueue(JsonSerializer.Deserialize<Envelope>(d.Body.Span, Outbox.Json)!); return Task.CompletedTask; };
        await channel.BasicConsumeAsync(bus.QueueOf(name), autoAck: true, consumer);
        return listener;
    }

    public async Task<IReadOnlyList<long>> HearsAsync(int count)
    {
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(_heard.Count >= count), $"{count} events, of which {_heard.Count} came");
        return Sequences;
    }

    public ValueTask DisposeAsync() => channel.DisposeAsync();
}
