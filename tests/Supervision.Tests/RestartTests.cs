using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests;

public class RestartTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    [Fact]
    public async Task Events_that_came_while_it_was_down_are_recorded_after_it_is_up()
    {
        var source = host.NewSource();
        var inbox = host.Services.GetServices<IHostedService>().OfType<InboxOfEverything<SupervisionDb>>().Single();
        await host.SendAsync(Event(source, 1), Event(source, 2));
        await host.RecordedAsync(source, 2);
        await inbox.StopAsync(default);
        await host.PublishAsync(Enumerable.Range(3, 698).Select(n => Event(source, n)));
        Assert.Equal(2, (await host.RecordedAsync(source)).Count);
        await inbox.StartAsync(default);
        Assert.Equal(Enumerable.Range(1, 700).Select(n => (long)n), (await host.RecordedAsync(source, 700)).Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_lost_database_connection_loses_no_event_and_records_none_twice()
    {
        var source = host.NewSource();
        var sending = host.SendAsync(Enumerable.Range(1, 2000).Select(n => Event(source, n)));
        var role = new NpgsqlConnectionStringBuilder(host.ConnectionString).Username!;
        await using var server = new NpgsqlConnection(Servers.Postgres);
        await server.OpenAsync();
        for (var kill = 0; kill < 3; kill++)
        {
            await host.RecordedAsync(source, 100 * (kill + 1));
            await using var command = new NpgsqlCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = @role", server) { Parameters = { new("role", role) } };
            await command.ExecuteNonQueryAsync();
        }
        await sending;
        Assert.Equal(Enumerable.Range(1, 2000).Select(n => (long)n), (await host.RecordedAsync(source, 2000)).Select(e => e.Sequence));
    }
}
