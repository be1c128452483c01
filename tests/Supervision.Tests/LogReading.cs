using System.Net;
using System.Text;
using System.Text.Json;
using Npgsql;
using Tendering.Protocols;
using Tendering.Supervision.Data;
using Tendering.Testing;

namespace Tendering.Supervision.Tests;

/// <summary>Reads the log as a stranger does: over HTTP, by the published formats.</summary>
public static class LogReading
{
    public static async Task<Checkpoint?> CheckpointAsync(this SupervisionHost host)
    {
        using var client = host.Public();
        var response = await client.GetAsync("/log/checkpoint");
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        return Checkpoint.Open(SignedNote.Parse(await response.Content.ReadAsStringAsync()), await host.KeyAsync());
    }

    public static async Task<NoteKey> KeyAsync(this SupervisionHost host)
    {
        using var client = host.Public();
        return NoteKey.Parse(JsonDocument.Parse(await client.GetStringAsync("/api/supervision/log/keys")).RootElement.GetProperty("key").GetString()!);
    }

    /// <summary>All entries of the published log, checked against its root.</summary>
    public static async Task<IReadOnlyList<string>> EntriesAsync(this SupervisionHost host, Checkpoint? of = null)
    {
        using var client = host.Public();
        var checkpoint = of ?? (await host.CheckpointAsync())!;
        var entries = new List<string>();
        foreach (var tile in TileId.Between(0, checkpoint.Size, entries: true))
            entries.AddRange(EntryBundle.Decode(await client.GetByteArrayAsync("/log/" + tile.Path), tile.Width).Select(e => Encoding.UTF8.GetString(e.Span)));
        Assert.Equal(checkpoint.Root, MerkleTree.Root([.. entries.Select(e => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(e)))]));
        return entries;
    }

    /// <summary>Waits until the published log covers all that is recorded now.</summary>
    public static async Task<Checkpoint> LoggedAsync(this SupervisionHost host)
    {
        var recorded = await host.ScalarAsync<long>("select coalesce(max(index), 0) from event");
        await ServiceFixture.EventuallyAsync(async () => await host.ScalarAsync<bool>($"select exists (select 1 from log_head where events >= {recorded})"), "the log to cover the record");
        var size = await host.ScalarAsync<long>("select size from log_head");
        Checkpoint? published = null;
        await ServiceFixture.EventuallyAsync(async () => (published = await host.CheckpointAsync()) is { } c && c.Size >= size, "the checkpoint to be published");
        return published!;
    }

    public static async Task<T> ScalarAsync<T>(this SupervisionHost host, string sql)
    {
        await using var connection = new NpgsqlConnection(host.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>As the one who owns everything, past triggers: what a thief with the administrator's password could do.</summary>
    public static async Task ForgeAsync(this SupervisionHost host, string sql)
    {
        var owner = new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database, Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("set session_replication_role = replica; " + sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
