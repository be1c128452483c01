using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

/// <summary>Every test has a service of its own, whose stream starts at 1.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private readonly NotesHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static List<long> Range(long from, long through) => [.. Enumerable.Range((int)from, (int)(through - from + 1)).Select(n => (long)n)];
    private static IEnumerable<NoteTaken> Notes(Guid tender, int count) => Enumerable.Range(1, count).Select(n => new NoteTaken(tender, n));

    [Theory]
    [InlineData(RelayStep.Numbered)]
    [InlineData(RelayStep.Published)]
    [InlineData(RelayStep.Marked)]
    public async Task A_relay_that_is_killed_between_two_steps_loses_nothing_and_nothing_is_effective_twice(RelayStep step)
    {
        var (tender, deaths) = (Guid.CreateVersion7(), 0);
        _host.Relay.OnStep = s => s == step && Interlocked.Increment(ref deaths) <= 3 ? throw new IOException("killed") : Task.CompletedTask;
        await using var listener = await _host.ListenAsync();
        await _host.ListensAsync();
        await _host.PublishAsync(Notes(tender, 40));
        Assert.Equal(Enumerable.Range(1, 40), await _host.EffectsAsync(tender, 40));
        await _host.AllPublishedAsync();
        Assert.True(deaths >= 1);
        Assert.Equal(Range(1, 40), (await _host.SequencesAsync()).Select(s => s!.Value));
        // The first hearing of each is in order; only a death after the publishing makes repeats.
        Assert.Equal(Range(1, 40), listener.Sequences.Distinct());
        Assert.Equal(step == RelayStep.Published, listener.Sequences.Count > 40);
        Assert.Equal(40, (await _host.EffectsAsync(tender)).Count);
    }

    [Fact]
    public async Task What_was_committed_while_no_relay_ran_is_published_by_the_next()
    {
        await using var listener = await _host.ListenAsync();
        await _host.Relay.StopAsync(default);
        await _host.PublishAsync(Notes(Guid.CreateVersion7(), 30));
        Assert.All(await _host.SequencesAsync(), Assert.Null);
        Assert.Empty(listener.Heard);
        await _host.Relay.StartAsync(default);
        Assert.Equal(Range(1, 30), await listener.HearsAsync(30));
    }

    [Fact]
    public async Task Many_writers_that_commit_late_make_one_gapless_stream_heard_once_in_order()
    {
        const int writers = 12, each = 25;
        var seed = Random.Shared.Next();
        await using var one = await _host.ListenAsync();
        await using var two = await _host.ListenAsync();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            var (random, tender) = (new Random(seed + writer), Guid.CreateVersion7());
            for (var n = 1; n <= each; n++)
            {
                await using var scope = _host.Services.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
                await using var transaction = await db.Database.BeginTransactionAsync();
                db.Publish(new PageTurned(tender, n), _host.Clock.GetUtcNow());
                await db.SaveChangesAsync();
                await using var pause = new NpgsqlCommand($"select pg_sleep({random.Next(20)} / 1000.0)", (NpgsqlConnection)Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.GetDbConnection(db.Database));
                await pause.ExecuteNonQueryAsync();
                if (random.Next(10) == 0) { await transaction.RollbackAsync(); n--; } else await transaction.CommitAsync();
            }
        }));
        Assert.True(Range(1, writers * each).SequenceEqual(await one.HearsAsync(writers * each)), $"seed {seed}");
        Assert.True(Range(1, writers * each).SequenceEqual(await two.HearsAsync(writers * each)), $"seed {seed}");
        // What one writer wrote one after the other keeps its order: cause before effect.
        foreach (var tender in one.Heard.GroupBy(e => e.TenderId))
            Assert.Equal(Enumerable.Range(1, each), tender.Select(e => System.Text.Json.JsonSerializer.Deserialize<PageTurned>(e.Payload, Outbox.Json)!.Number));
    }

    [Fact]
    public async Task Of_two_relays_one_leads_and_the_other_takes_over_when_it_is_gone()
    {
        await _host.Relay.StopAsync(default);
        await using var listener = await _host.ListenAsync();
        await using var first = Competitor("first");
        await using var second = Competitor("second");
        var (one, two) = (new Relay(NotesService.Name, first, _host.Bus, NullLogger<Relay>.Instance), new Relay(NotesService.Name, second, _host.Bus, NullLogger<Relay>.Instance));
        await one.StartAsync(default);
        await ServiceFixture.EventuallyAsync(async () => await LeaderAsync() == "first");
        await two.StartAsync(default);
        await _host.PublishAsync(Notes(Guid.CreateVersion7(), 20));
        await listener.HearsAsync(20);
        Assert.Equal("first", await LeaderAsync());

        // Its process is gone: the session ends on the server, and it cannot open another.
        await first.DisposeAsync();
        await NotesHost.ScalarAsync<long>(_host.Owner, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'first'");
        await _host.PublishAsync(Notes(Guid.CreateVersion7(), 20));
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(listener.Sequences.Distinct().Count() == 40));
        Assert.Equal("second", await LeaderAsync());
        Assert.Equal(Range(1, 40), listener.Sequences.Distinct());
        await one.StopAsync(default);
        await two.StopAsync(default);
    }

    [Fact]
    public async Task A_rush_hour_that_does_not_end_puts_events_off_and_never_for_good()
    {
        await _host.Relay.StopAsync(default);
        await using var listener = await _host.ListenAsync();
        await using var database = Competitor("rushed");
        var rush = new EndlessRush();
        var relay = new Relay(NotesService.Name, database, _host.Bus, NullLogger<Relay>.Instance, rush);
        await relay.StartAsync(default);
        for (var turn = 1; turn <= 3; turn++)
        {
            var asked = rush.Asked;
            await _host.PublishAsync(Notes(Guid.CreateVersion7(), 10));
            await listener.HearsAsync(turn * 10);
            await ServiceFixture.EventuallyAsync(() => Task.FromResult(rush.Asked > asked));
        }
        Assert.Equal(Range(1, 30), listener.Sequences);
        await relay.StopAsync(default);
    }

    private sealed class EndlessRush : IRushHour
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public bool IsNow => Interlocked.Increment(ref _asked) > 0;
    }

    [Fact]
    public async Task A_relay_whose_session_is_ended_stops_numbering_and_starts_again()
    {
        await using var listener = await _host.ListenAsync();
        var publishing = _host.PublishAsync(Notes(Guid.CreateVersion7(), 200));
        for (var kill = 1; kill <= 3; kill++)
        {
            await listener.HearsAsync(kill * 20);
            await NotesHost.ScalarAsync<long>(_host.Owner,
                "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and classid = 727001 and objid = 1 and granted and database = (select oid from pg_database where datname = current_database())");
        }
        await publishing;
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(listener.Sequences.Distinct().Count() == 200));
        Assert.Equal(Range(1, 200), listener.Sequences.Distinct());
    }

    [Fact]
    public async Task An_idle_relay_is_woken_by_a_commit()
    {
        await using var listener = await _host.ListenAsync();
        // Thirty sleeps that only the fallback ended would take minutes.
        await WakeAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(Range(1, 30), listener.Sequences);

        async Task WakeAsync()
        {
            for (var n = 1; n <= 30; n++)
            {
                await ServiceFixture.EventuallyAsync(() => NotesHost.ScalarAsync<bool>(_host.Owner,
                    "select exists (select 1 from pg_locks where locktype = 'advisory' and classid = 727001 and objid = 2 and granted and mode = 'ExclusiveLock' and database = (select oid from pg_database where datname = current_database()))"), "an idle relay");
                await _host.PublishAsync(new PageTurned(Guid.CreateVersion7(), n));
                await listener.HearsAsync(n);
            }
        }
    }

    [Theory]
    [InlineData(0L, null)]
    [InlineData(0L, 3L)]
    [InlineData(17L, 23L)]
    [InlineData(29L, 30L)]
    [InlineData(30L, null)]
    [InlineData(600L, 1100L)]
    public async Task A_replay_gives_exactly_what_was_asked_for_in_order(long after, long? through)
    {
        const int events = 30;
        var count = after >= events && through is not null ? 1200 : events;
        await _host.InDbAsync<NotesDb, int>(db => { foreach (var n in Notes(Guid.CreateVersion7(), count)) db.Publish(n, _host.Clock.GetUtcNow()); return db.SaveChangesAsync(); });
        await _host.AllPublishedAsync();
        await using var late = await _host.ListenAsync();
        await _host.Bus.AskForReplayAsync(NotesService.Name, after, through, null, late.Name, default);
        await _host.Bus.AskForReplayAsync(NotesService.Name, 0, 1, null, late.Name, default);             // answered in turn: marks the end
        var expected = Range(after + 1, through ?? count);
        Assert.Equal([.. expected, 1], await late.HearsAsync(expected.Count + 1));
    }

    [Fact]
    public async Task A_replay_of_some_types_gives_only_those()
    {
        await _host.PublishAsync(new NoteTaken(Guid.CreateVersion7(), 1));
        await _host.PublishAsync(new RulesChanged(2));
        await _host.PublishAsync(new NoteTaken(Guid.CreateVersion7(), 3));
        await _host.AllPublishedAsync();
        await using var late = await _host.ListenAsync();
        await _host.Bus.AskForReplayAsync(NotesService.Name, 0, null, ["notes.note-taken"], late.Name, default);
        Assert.Equal([1, 3], await late.HearsAsync(2));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("no JSON")]
    [InlineData("{}")]
    public async Task A_request_for_a_replay_that_makes_no_sense_does_not_stop_the_next(string nonsense)
    {
        await _host.PublishAsync(new RulesChanged(1));
        await _host.AllPublishedAsync();
        await using var late = await _host.ListenAsync();
        await using (var channel = await _host.Bus.OpenChannelAsync(confirms: true, default))
            await RabbitMQ.Client.IChannelExtensions.BasicPublishAsync(channel, "", _host.Bus.ReplayQueueOf(NotesService.Name), true, System.Text.Encoding.UTF8.GetBytes(nonsense));
        await _host.Bus.AskForReplayAsync(NotesService.Name, 0, null, null, late.Name, default);
        Assert.Equal([1], await late.HearsAsync(1));
    }

    private NpgsqlDataSource Competitor(string name) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_host.ConnectionString) { ApplicationName = name }.ConnectionString);

    private Task<string> LeaderAsync() => NotesHost.ScalarAsync<string>(_host.Owner, """
        select coalesce(string_agg(a.application_name, ','), '') from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.classid = 727001 and l.objid = 1 and l.granted and l.database = (select oid from pg_database where datname = current_database())
        """);
}
