using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Tendering.ServiceDefaults;

namespace Tendering.Testing;

/// <summary>A publishing service without a service: the real plumbing's database with its outbox, and the real relay.</summary>
public sealed class SourceOutbox : IAsyncDisposable
{
    private readonly string _connection;
    private readonly Relay _relay;

    private SourceOutbox(string name, string connection, Bus bus)
    {
        (Name, _connection) = (name, connection);
        Database = new NpgsqlDataSourceBuilder(connection).Build();
        _relay = new Relay(name, Database, bus, NullLogger<Relay>.Instance);
    }

    public string Name { get; }
    public NpgsqlDataSource Database { get; }

    public static async Task<SourceOutbox> StartAsync(string name, string run, Bus bus)
    {
        var connection = Servers.ConnectionOf(name, run);
        await Migrator.MigrateAsync(Servers.Postgres, connection, typeof(SourceOutbox).Assembly, default);
        var source = new SourceOutbox(name, connection, bus);
        await source._relay.StartAsync(default);
        return source;
    }

    /// <summary>Writes one event as a transaction of its own and returns its id and when it was committed. Between insert and commit <paramref name="think"/> may take its time.</summary>
    public async Task<(Guid Id, long Committed)> WriteAsync(string payload, Func<Task>? think = null, string? secretUntil = null)
    {
        var id = Guid.CreateVersion7();
        await using var connection = await Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("insert into outbox (id, type, version, payload, secret_until, role, address, occurred_at) values ($1, $2, 1, $3, $4, 'agency', '10.0.0.1', now())", connection, transaction)
        {
            Parameters = { new() { Value = id }, new() { Value = Name + ".thing-happened" }, new() { Value = payload }, new() { Value = (object?)secretUntil ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text } },
        };
        await command.ExecuteNonQueryAsync();
        if (think is not null) await think();
        await transaction.CommitAsync();
        return (id, Stopwatch.GetTimestamp());
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.StopAsync(default);
        _relay.Dispose();
        await Database.DisposeAsync();
        await Servers.DropAsync(_connection);
    }
}
