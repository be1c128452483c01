using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tendering.Protocols;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

/// <summary>Two witnesses, one of whom must have cosigned whatever is published.</summary>
public sealed class CollectCosignaturesTests : IAsyncLifetime
{
    private readonly FakeWitness _one = new("one.test/w"), _two = new("two.test/w");
    private SupervisionHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await _one.StartAsync();
        await _two.StartAsync();
        _host = new SupervisionHost
        {
            Configure = c => c.AddInMemoryCollection([
                new("Log:Witnesses:0:Key", _one.Key), new("Log:Witnesses:0:Url", _one.Address), new("Log:Witnesses:1:Key", _two.Key), new("Log:Witnesses:1:Url", _two.Address), new("Log:WitnessesNeeded", "1"), new("Log:WitnessesAlarmAfter", "00:00:05"),
            ]),
        };
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    private async Task<NoteCheck> PublishedAsync()
    {
        using var client = _host.Public();
        var response = await client.GetAsync("/log/checkpoint");
        return response.IsSuccessStatusCode ? SignedNote.Parse(await response.Content.ReadAsStringAsync()).Check(await _host.KeyAsync(), NoteKey.Parse(_one.Key), NoteKey.Parse(_two.Key)) : new NoteCheck([], []);
    }

    private Task EventuallyBy(params string[] names) => ServiceFixture.EventuallyAsync(async () =>
        (await PublishedAsync()).Good.Select(g => g.Key.Name).Order().SequenceEqual(names.Append("tendering.invalid/log").Order()), $"a checkpoint cosigned by exactly {string.Join(" and ", names)}");

    private async Task<string[]> AlarmsAsync() => [.. (await _host.AlarmsAsync("supervision")).Select(a => a.Kind)];

    private Task EventuallyAlarm(string kind) => ServiceFixture.EventuallyAsync(async () => (await AlarmsAsync()).Contains(kind), kind);

    [Fact]
    public async Task Both_cosign_and_when_one_is_away_the_other_is_enough()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        _two.IsAway = true;
        await EventuallyBy("one.test/w");
        var standing = (await _host.CheckpointAsync())!.Size;
        await ServiceFixture.EventuallyAsync(async () => (await _host.CheckpointAsync())!.Size > standing + 2, "the published log to grow with one witness");
        Assert.Empty(await AlarmsAsync());
        _two.IsAway = false;
        await EventuallyBy("one.test/w", "two.test/w");
    }

    [Fact]
    public async Task A_fault_of_the_database_is_not_the_witnesses()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        var owner = new Npgsql.NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new Npgsql.NpgsqlConnectionStringBuilder(_host.ConnectionString).Database, Pooling = false }.ConnectionString;
        var role = new Npgsql.NpgsqlConnectionStringBuilder(_host.ConnectionString).Username;
        await using var connection = new Npgsql.NpgsqlConnection(owner);
        await connection.OpenAsync();
        async Task DoAsync(string sql)
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
        // Proofs can no longer be read, while the log grows on.
        await DoAsync($"revoke select on log_entries from \"{role}\"");
        await ServiceFixture.EventuallyAsync(() => _host.ScalarAsync<bool>("select size > published_size + 2 from log_head"), "the log to grow beyond what is published");
        var standing = await _host.ScalarAsync<long>("select published_size from log_head");
        Assert.False(await _host.ScalarAsync<bool>("select exists (select 1 from log_witness where failure is not null)"));
        await DoAsync($"grant select on log_entries to \"{role}\"");
        await ServiceFixture.EventuallyAsync(async () => (await _host.CheckpointAsync())!.Size > standing, "the published log to go on");
        await EventuallyBy("one.test/w", "two.test/w");
    }

    [Fact]
    public async Task With_too_few_the_published_checkpoint_stands_the_log_grows_and_an_alarm_is_raised_until_they_are_back()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        (_one.IsAway, _two.IsAway) = (true, true);
        await EventuallyAlarm(LogAlarm.WitnessMissing);
        var standing = (await _host.CheckpointAsync())!.Size;
        var source = _host.NewSource();
        await _host.SendAsync(Event(source, 1));
        await _host.RecordedAsync(source, 1);
        await ServiceFixture.EventuallyAsync(async () => await _host.ScalarAsync<bool>("select events = (select max(index) from event) from log_head"), "the log to cover the record");
        Assert.Equal(standing, (await _host.CheckpointAsync())!.Size);
        _one.IsAway = false;
        await _host.LoggedAsync();
        Assert.Single(await AlarmsAsync(), LogAlarm.WitnessMissing);
    }

    [Fact]
    public async Task A_witness_that_signs_something_else_is_not_believed()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        _two.Lies = true;
        await EventuallyAlarm(LogAlarm.WitnessLies);
        await EventuallyBy("one.test/w");
        Assert.Single(await AlarmsAsync(), LogAlarm.WitnessLies);
    }

    [Fact]
    public async Task A_witness_that_has_seen_another_history_is_the_gravest_alarm()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        _two.Seen = Checkpoint.Of("tendering.invalid/log", _two.Seen!.Size, SHA256.HashData("another"u8));
        await EventuallyAlarm(LogAlarm.Forked);
        await EventuallyBy("one.test/w");
    }

    [Fact]
    public async Task A_database_put_back_to_yesterday_is_the_gravest_alarm()
    {
        await EventuallyBy("one.test/w", "two.test/w");
        var source = _host.NewSource();
        await _host.SendAsync(Event(source, 1));
        await _host.RecordedAsync(source, 1);
        await _host.LoggedAsync();
        await EventuallyBy("one.test/w", "two.test/w");
        // Everything is as it was at the very beginning; nothing inside contradicts anything.
        var services = _host.Services.GetServices<IHostedService>().Where(s => s is SequenceEvents or CollectCosignatures).ToArray();
        foreach (var service in services) await service.StopAsync(default);
        await _host.ForgeAsync("truncate log_head, log_turn, log_entries, log_tile, log_witness, submission, secret, moment, disclosed, event cascade; truncate stream");
        Assert.Null(await LogCheck.RunAsync(_host.Services.GetRequiredService<AuditLog>().Database, await _host.KeyAsync(), default));
        foreach (var service in services) await service.StartAsync(default);
        await EventuallyAlarm(LogAlarm.Forked);
    }
}
