using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

/// <summary>Whoever holds the database's own password and changes one thing in it is found by the next check.</summary>
public class CheckLogTests
{
    private static async Task<SupervisionHost> FilledAsync()
    {
        var host = new SupervisionHost();
        await host.InitializeAsync();
        var (one, two) = (host.NewSource(), host.NewSource());
        for (var round = 0; round < 2; round++)
        {
            await host.SendAsync(Enumerable.Range(1 + round * 200, 200).SelectMany(n => new[] { Event(one, n, opinion: $"opinion {n}"), Event(two, n) with { SecretUntil = n % 3 == 0 ? "never" : null } }));
            await host.RecordedAsync(one, 200 + round * 200);
            await host.LoggedAsync();
        }
        // A turn in which nothing happened is in it too.
        await ServiceFixture.EventuallyAsync(() => host.ScalarAsync<bool>("select exists (select 1 from log_entries where count = 1 and not packed)"), "a turn without events");
        await host.LoggedAsync();
        return host;
    }

    // Nothing grows while a thief is at work: what is compared is what stands.
    private static async Task StopAsync(SupervisionHost host)
    {
        foreach (var service in host.Services.GetServices<IHostedService>().Where(s => s is SequenceEvents or DiscloseSecrets or IndexForSearch)) await service.StopAsync(default);
    }

    private static async Task<LogCheck.Difference?> CheckAsync(SupervisionHost host) =>
        await LogCheck.RunAsync(host.Services.GetRequiredService<AuditLog>().Database, await host.KeyAsync(), default);

    public static TheoryData<string, string> Changes => new()
    {
        { "event", "update event set payload = replace(payload, 'opinion 7\"', 'opinion 8\"') where index = (select index from event where payload like '%opinion 7\"%')" },
        { "event", "update event set person_id = gen_random_uuid() where index = (select index from event where index > $r order by index limit 1)" },
        { "event", "update event set address = '10.9.9.9' where index = (select index from event where index > $r order by index limit 1)" },
        { "event", "update event set occurred_at = occurred_at + interval '1 microsecond' where index = (select index from event where index > $r order by index limit 1)" },
        { "event", "update event set secret_until = null where index = (select index from event where secret_until is not null limit 1)" },
        { "event", "delete from event where index = (select index from event where index > $r order by index limit 1)" },
        { "event", "update event set index = index + 1000000 where index in (10, 11); update event set index = 1000021 - index where index > 1000000" },
        { "event", "insert into event select (select events from log_head) + 1, source, sequence + 100000, gen_random_uuid(), type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent, hash from event where index = 1" },
        { "log_entries", "update log_entries set hashes = set_byte(hashes, 3, 255 - get_byte(hashes, 3)) where first = (select max(first) from log_entries)" },
        { "log_entries", "update log_entries set bundle = set_byte(bundle, length(bundle) - 3, 255 - get_byte(bundle, length(bundle) - 3)) where first = (select first from log_entries where not packed order by first limit 1)" },
        { "log_entries", "delete from log_entries where first = (select max(first) from log_entries)" },
        { "log_entries", "delete from log_entries where first = 0" },
        { "log_entries", "insert into log_entries select (select max(first) from log_entries) + 256, 1, packed, bundle, hashes from log_entries where count = 1 limit 1" },
        { "log_tile", "update log_tile set hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))" },
        { "log_tile", "delete from log_tile" },
        { "log_turn", "update log_turn set seed = decode(repeat('00', 32), 'hex') where first_event = 1" },
        { "log_turn", "delete from log_turn where first_event = (select max(first_event) from log_turn)" },
        { "log_turn", "update log_turn set secret = secret || (events - 1) where first_event = 1" },
        { "log_head", "update log_head set size = size - 1, published_size = published_size - 1" },
        { "log_head", "update log_head set checkpoint = replace(checkpoint, E'\\n\\n', E'extra\\n\\n')" },
        { "stream", "update stream set last = last - 1" },
    };

    [Fact]
    public async Task Every_change_is_found_and_an_untouched_log_is_good()
    {
        var host = await FilledAsync();
        await using var _ = host;
        await StopAsync(host);
        Assert.Null(await CheckAsync(host));
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var unseen = new List<string>();
        foreach (var change in Changes)
        {
            var (table, sql) = change.Data;
            // The thief's work is undone by putting the copy back.
            await host.ForgeAsync($"create table kept as table {table}");
            await host.ForgeAsync(sql.Replace("$r", random.Next(0, 500).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
            if (await CheckAsync(host) is null) unseen.Add(sql);
            await host.ForgeAsync($"delete from {table}; insert into {table} select * from kept; drop table kept");
        }
        Assert.True(unseen.Count == 0, $"seed {seed}: not found:\n{string.Join('\n', unseen)}");
        Assert.Null(await CheckAsync(host));
    }

    [Fact]
    public async Task What_is_found_is_an_alarm_once()
    {
        var host = await FilledAsync();
        await using var _ = host;
        await host.ForgeAsync("update event set role = 'operator' where index = 5");
        var check = host.Services.GetServices<IHostedService>().OfType<CheckLog>().Single();
        await check.CheckAsync(default);
        await check.CheckAsync(default);
        var alarm = Assert.Single(await host.AlarmsAsync("supervision", 1), a => a.Kind == LogAlarm.Differs);
        Assert.Equal(5, alarm.Sequence);
    }
}
