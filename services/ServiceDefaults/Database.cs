using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;

namespace Tendering.ServiceDefaults;

public static partial class Database
{
    /// <summary>Maps the plumbing's tables, and names every table and column in snake case unless a mapping says otherwise. Call it last.</summary>
    public static void AddPlumbing(this ModelBuilder model)
    {
        model.Entity<OutboxEvent>(e =>
        {
            e.ToTable("outbox").HasKey(m => m.Position);
            e.Property(m => m.Position).UseIdentityAlwaysColumn();
            e.Property(m => m.Sequence).ValueGeneratedOnAddOrUpdate();
        });
        foreach (var entity in model.Model.GetEntityTypes())
        {
            if (((IConventionEntityType)entity).GetTableNameConfigurationSource() != ConfigurationSource.Explicit) entity.SetTableName(Snake(entity.ClrType.Name));
            foreach (var property in entity.GetProperties())
                if (((IConventionProperty)property).GetColumnNameConfigurationSource() != ConfigurationSource.Explicit) property.SetColumnName(Snake(property.Name));
        }
    }

    /// <summary>Ids are made in the domain (rule 10), timestamps are stored in UTC, enumerations by name.</summary>
    public static void AddPlumbing(this ModelConfigurationBuilder conventions)
    {
        conventions.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
        conventions.Properties<Enum>().HaveConversion<string>();
    }

    /// <summary>Stores a value as jsonb.</summary>
    public static PropertyBuilder<T> AsJson<T>(this PropertyBuilder<T> property) where T : class => property
        .HasColumnType("jsonb")
        .HasConversion(
            new ValueConverter<T, string>(v => JsonSerializer.Serialize(v, Outbox.Json), s => JsonSerializer.Deserialize<T>(s, Outbox.Json)!),
            new Microsoft.EntityFrameworkCore.ChangeTracking.ValueComparer<T>(
                (a, b) => JsonSerializer.Serialize(a, Outbox.Json) == JsonSerializer.Serialize(b, Outbox.Json),
                v => JsonSerializer.Serialize(v, Outbox.Json).GetHashCode(StringComparison.Ordinal),
                v => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(v, Outbox.Json), Outbox.Json)!));

    public static string Snake(string name) => Humps().Replace(name, "_$1").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])([A-Z])")]
    private static partial Regex Humps();

    private sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTimeOffset>(v => v.ToUniversalTime(), v => v.ToUniversalTime());
}

/// <summary>Applies numbered SQL files once, in order, each in a transaction, under an advisory lock; a file that changed after it was applied is refused.</summary>
public static partial class Migrator
{
    private const int LockClass = 727001, LockMigration = 3;

    public sealed record Applied(string Database, string Name);

    /// <summary>Creates role and database where missing (with an administrator's connection), then applies the plumbing's and the service's files as the owner.</summary>
    public static async Task<IReadOnlyList<Applied>> MigrateAsync(string administrator, string serviceConnection, Assembly service, CancellationToken ct)
    {
        var target = new NpgsqlConnectionStringBuilder(serviceConnection);
        var (database, role, owner) = (target.Database!, target.Username!, target.Username + "_owner");
        await using (var server = new NpgsqlConnection(administrator))
        {
            await server.OpenAsync(ct);
            await CreateAsync(server, database, role, owner, target.Password ?? "", ct);
        }
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(administrator) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        await RunAsync(connection, $"set role {Quote(owner)}", ct);
        return await ApplyAsync(connection, role, [.. Files(typeof(Migrator).Assembly, "plumbing"), .. Files(service, "service")], ct);
    }

    private static async Task CreateAsync(NpgsqlConnection server, string database, string role, string owner, string password, CancellationToken ct)
    {
        await RunAsync(server, $"select pg_advisory_lock({LockClass}, {LockMigration})", ct);
        if (!await ExistsAsync(server, "select 1 from pg_roles where rolname = @n", owner, ct)) await RunAsync(server, $"create role {Quote(owner)} nologin", ct);
        if (!await ExistsAsync(server, "select 1 from pg_roles where rolname = @n", role, ct)) await RunAsync(server, $"create role {Quote(role)} login", ct);
        await RunAsync(server, $"alter role {Quote(role)} password {Literal(password)}", ct);
        if (!await ExistsAsync(server, "select 1 from pg_database where datname = @n", database, ct))
            await RunAsync(server, $"create database {Quote(database)} owner {Quote(owner)}", ct);
        await RunAsync(server, $"revoke all on database {Quote(database)} from public", ct);
        await RunAsync(server, $"grant connect on database {Quote(database)} to {Quote(role)}", ct);
        await RunAsync(server, $"select pg_advisory_unlock({LockClass}, {LockMigration})", ct);
    }

    private static async Task<List<Applied>> ApplyAsync(NpgsqlConnection connection, string role, IEnumerable<(string Name, string Sql)> files, CancellationToken ct)
    {
        var applied = new List<Applied>();
        await RunAsync(connection, $"select pg_advisory_lock({LockClass}, {LockMigration})", ct);
        await RunAsync(connection, $"create table if not exists schema_journal (name text primary key, sha256 text not null, applied_at timestamptz not null default now())", ct);
        await RunAsync(connection, $"grant usage on schema public to {Quote(role)}; grant select on schema_journal to {Quote(role)}; revoke create on schema public from public", ct);
        foreach (var (name, sql) in files)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            await using var find = new NpgsqlCommand("select sha256 from schema_journal where name = @n", connection) { Parameters = { new("n", name) } };
            if (await find.ExecuteScalarAsync(ct) is string known)
            {
                if (known != hash) throw new InvalidOperationException($"{name} in {connection.Database} was applied with other content: add a new file instead of changing it.");
                continue;
            }
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await RunAsync(connection, sql.Replace("$service$", role, StringComparison.Ordinal), ct);
            await using var note = new NpgsqlCommand("insert into schema_journal (name, sha256) values (@n, @h)", connection) { Parameters = { new("n", name), new("h", hash) } };
            await note.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
            applied.Add(new Applied(connection.Database, name));
        }
        await RunAsync(connection, $"select pg_advisory_unlock({LockClass}, {LockMigration})", ct);
        return applied;
    }

    private static IEnumerable<(string Name, string Sql)> Files(Assembly assembly, string prefix) =>
        from resource in assembly.GetManifestResourceNames()
        let match = FileName().Match(resource)
        where match.Success
        orderby match.Value
        select ($"{prefix}/{match.Value}", Read(assembly, resource));

    private static string Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string sql, string name, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new("n", name) } };
        return await command.ExecuteScalarAsync(ct) is not null;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Quote(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
    private static string Literal(string text) => '\'' + text.Replace("'", "''", StringComparison.Ordinal) + '\'';

    [GeneratedRegex(@"\d{4}_[a-z0-9_]+\.sql$")]
    private static partial Regex FileName();
}
