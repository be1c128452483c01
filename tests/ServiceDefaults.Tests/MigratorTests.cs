using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public sealed class MigratorTests : IAsyncDisposable
{
    private readonly string _connection = Servers.ConnectionOf("migrator", Guid.NewGuid().ToString("N")[..12]);

    private string Owner => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(_connection).Database, Pooling = false }.ConnectionString;

    public async ValueTask DisposeAsync() => await Servers.DropAsync(_connection);

    private Task<IReadOnlyList<Migrator.Applied>> MigrateAsync() => Migrator.MigrateAsync(Servers.Postgres, _connection, typeof(NotesDb).Assembly, default);

    [Fact]
    public async Task Files_are_applied_once_in_order_plumbing_first()
    {
        var applied = await MigrateAsync();
        Assert.Equal(["plumbing/0001_plumbing.sql", "plumbing/0002_store_mark.sql", "plumbing/0003_numbering.sql", "service/0001_notes.sql", "service/0002_reminders.sql", "service/0010_grants.sql"], applied.Select(a => a.Name));
        Assert.Equal("plumbing/0001_plumbing.sql plumbing/0002_store_mark.sql plumbing/0003_numbering.sql service/0001_notes.sql service/0002_reminders.sql service/0010_grants.sql",
            await NotesHost.ScalarAsync<string>(Owner, "select string_agg(name, ' ' order by applied_at) from schema_journal"));
        Assert.Empty(await MigrateAsync());
    }

    [Fact]
    public async Task Two_migrations_at_once_apply_each_file_once()
    {
        var applied = await Task.WhenAll(MigrateAsync(), MigrateAsync(), MigrateAsync());
        Assert.Equal(6, applied.Sum(a => a.Count));
    }

    [Fact]
    public async Task A_file_that_was_changed_after_it_was_applied_is_refused_by_name()
    {
        await MigrateAsync();
        await NotesHost.ScalarAsync<object>(Owner, "update schema_journal set sha256 = repeat('0', 64) where name = 'service/0002_reminders.sql'; select 1");
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(MigrateAsync);
        Assert.Contains("service/0002_reminders.sql", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_fails_leaves_nothing_of_itself()
    {
        await MigrateAsync();
        // The journal forgets two files; the first of them cannot be applied again.
        await NotesHost.ScalarAsync<object>(Owner, "delete from schema_journal where name in ('service/0002_reminders.sql', 'service/0010_grants.sql'); alter table reminder rename to reminder_old; select 1");
        var failed = await Assert.ThrowsAsync<PostgresException>(MigrateAsync);
        Assert.Equal(PostgresErrorCodes.DuplicateTable, failed.SqlState);
        Assert.True(await NotesHost.ScalarAsync<bool>(Owner, "select to_regclass('reminder') is null"));
        Assert.Equal(4L, await NotesHost.ScalarAsync<long>(Owner, "select count(*) from schema_journal"));
    }

    [Fact]
    public async Task A_new_password_of_the_service_takes_effect()
    {
        await MigrateAsync();
        var changed = new NpgsqlConnectionStringBuilder(_connection) { Password = "another", Pooling = false }.ConnectionString;
        await Migrator.MigrateAsync(Servers.Postgres, changed, typeof(NotesDb).Assembly, default);
        Assert.Equal(1, await NotesHost.ScalarAsync<int>(changed, "select 1"));
    }
}
