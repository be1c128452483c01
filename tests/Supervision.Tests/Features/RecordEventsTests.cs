using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Platform;
using Tendering.Contracts.Supervision;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public class RecordEventsTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    private static IEnumerable<long> Numbers(IEnumerable<RecordedEvent> events) => events.Select(e => e.Sequence);
    private static IEnumerable<long> Range(long from, long through) => Enumerable.Range((int)from, (int)(through - from + 1)).Select(n => (long)n);

    private async Task AssertIndexesHaveNoGapAsync()
    {
        var (count, max) = await host.InDbAsync<SupervisionDb, (int, long)>(async db => (await db.Events.CountAsync(), await db.Events.MaxAsync(e => e.Index)));
        Assert.Equal(count, max);
    }

    [Fact]
    public async Task A_batch_is_recorded_in_order_and_without_a_gap()
    {
        var source = host.NewSource();
        await host.SendAsync(Range(1, 1200).Select(n => Event(source, n)));
        var recorded = await host.RecordedAsync(source, 1200);
        Assert.Equal(Range(1, 1200), Numbers(recorded));
        await AssertIndexesHaveNoGapAsync();
    }

    [Fact]
    public async Task Two_sources_keep_an_order_each()
    {
        var (one, two) = (host.NewSource(), host.NewSource());
        await host.SendAsync(Range(1, 100).SelectMany(n => new[] { Event(one, n), Event(two, n) }));
        Assert.Equal(Range(1, 100), Numbers(await host.RecordedAsync(one, 100)));
        Assert.Equal(Range(1, 100), Numbers(await host.RecordedAsync(two, 100)));
        await AssertIndexesHaveNoGapAsync();
    }

    [Fact]
    public async Task A_repeat_changes_nothing_even_with_another_trace()
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1), Event(source, 2), Event(source, 1), Event(source, 2, trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        await host.SendAsync(Event(source, 1), Event(source, 3));
        Assert.Equal(Range(1, 3), Numbers(await host.RecordedAsync(source, 3)));
        await host.SettledAsync();
        Assert.Empty(await host.AlarmsAsync(source));
    }

    [Fact]
    public async Task A_missing_event_is_an_alarm_once_and_is_asked_for_and_the_waiting_join_in_order()
    {
        var source = host.NewSource();
        await using var playing = await host.PlayAsync(source, n => Event(source, n));
        await host.SendAsync(Event(source, 1), Event(source, 5), Event(source, 6), Event(source, 7));
        Assert.Equal(Range(1, 7), Numbers(await host.RecordedAsync(source, 7)));
        var alarm = Assert.Single(await host.AlarmsAsync(source));
        Assert.Equal((Alarm.StreamGap, 2L), (alarm.Kind, alarm.Sequence!.Value));
        var asked = Assert.Single(playing.Asked);
        Assert.Equal((1L, 4L, host.Bus.QueueOf("supervision")), (asked.After, asked.Through!.Value, asked.Queue));
        await AssertIndexesHaveNoGapAsync();
        Assert.Equal(0, await host.InDbAsync<SupervisionDb, int>(db => db.Waiting.CountAsync(w => w.Source == source)));
        Assert.Contains(await host.PublishedAsync<AlarmRaised, SupervisionDb>(), a => a.AlarmId == alarm.AlarmId && a.Kind == Alarm.StreamGap);
    }

    [Fact]
    public async Task Out_of_order_events_are_recorded_in_order()
    {
        var source = host.NewSource();
        var seed = Random.Shared.Next();
        var shuffled = Range(2, 80).ToArray();
        new Random(seed).Shuffle(shuffled);
        await using var playing = await host.PlayAsync(source, n => Event(source, n));
        await host.SendAsync(shuffled.Prepend(1).Select(n => Event(source, n)));
        var recorded = await host.RecordedAsync(source, 80);
        Assert.True(Range(1, 80).SequenceEqual(Numbers(recorded)), $"seed {seed}");
        await host.SettledAsync();
        Assert.All(await host.AlarmsAsync(source), a => Assert.Equal(Alarm.StreamGap, a.Kind));
        await AssertIndexesHaveNoGapAsync();
    }

    [Fact]
    public async Task Every_gap_is_its_own_alarm_and_is_asked_for_in_turn()
    {
        var source = host.NewSource();
        await using var playing = await host.PlayAsync(source, n => Event(source, n));
        await host.SendAsync(Event(source, 1), Event(source, 3), Event(source, 6));
        Assert.Equal(Range(1, 6), Numbers(await host.RecordedAsync(source, 6)));
        Assert.Equal([2L, 4L], (await host.AlarmsAsync(source)).Select(a => a.Sequence!.Value).Order());
        Assert.Equal([(1L, 2L), (3L, 5L)], playing.Asked.Select(a => (a.After, a.Through!.Value)));
    }

    [Fact]
    public async Task A_source_that_does_not_answer_is_asked_again()
    {
        var source = host.NewSource();
        await using var playing = await host.PlayAsync(source, _ => null);
        await host.SendAsync(Event(source, 1), Event(source, 3));
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(playing.Asked.Count >= 2), "a second request");
        Assert.Single(await host.AlarmsAsync(source));
        Assert.Equal([1L], Numbers(await host.RecordedAsync(source)));
        var streams = await host.Supervisor.GetFromJsonAsync<ListStreams.Item[]>("/api/supervision/streams");
        var stream = Assert.Single(streams!, s => s.Source == source);
        Assert.Equal((false, 1L, new Gap(1, 2)), (stream.Healthy, stream.Last!.Value, Assert.Single(stream.Gaps!)));
    }

    [Fact]
    public async Task A_new_record_on_an_old_system_asks_for_the_beginning_without_an_alarm()
    {
        var source = host.NewSource();
        await using var playing = await host.PlayAsync(source, n => Event(source, n));
        await host.SendAsync(Event(source, 900), Event(source, 901));
        Assert.Equal(Range(1, 901), Numbers(await host.RecordedAsync(source, 901)));
        Assert.Empty(await host.AlarmsAsync(source));
        Assert.Equal(0, playing.Asked.First().After);
    }

    [Fact]
    public async Task A_beginning_that_never_comes_is_an_alarm()
    {
        var source = host.NewSource();
        await using var playing = await host.PlayAsync(source, _ => null);
        await host.SendAsync(Event(source, 4));
        var alarm = Assert.Single(await host.AlarmsAsync(source, 1));
        Assert.Equal((Alarm.StreamGap, 1L), (alarm.Kind, alarm.Sequence!.Value));
    }

    [Fact]
    public async Task A_rewritten_event_is_an_alarm_once_and_both_versions_are_kept()
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1), Event(source, 2, opinion: "refused"));
        await host.RecordedAsync(source, 2);
        await host.SendAsync(Event(source, 2, opinion: "agreed"), Event(source, 2, opinion: "agreed"), Event(source, 3));
        await host.RecordedAsync(source, 3);
        var alarm = Assert.Single(await host.AlarmsAsync(source));
        Assert.Equal((Alarm.StreamRewritten, 2L), (alarm.Kind, alarm.Sequence!.Value));
        var evidence = (await host.Supervisor.GetFromJsonAsync<GetAlarm.Response>($"/api/supervision/alarms/{alarm.AlarmId}"))!;
        Assert.Equal(("refused", "agreed"), (evidence.Recorded!.Payload.GetProperty("opinion").GetString(), evidence.SentAgain!.Payload.GetProperty("opinion").GetString()));
        Assert.Contains("refused", (await host.RecordedAsync(source))[1].Payload, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rewriting_is_noticed_within_one_batch_and_among_the_waiting()
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1), Event(source, 1, opinion: "changed"), Event(source, 3), Event(source, 3, opinion: "changed"));
        var alarms = await host.AlarmsAsync(source, 3);
        Assert.Equal([1L, 3L], alarms.Where(a => a.Kind == Alarm.StreamRewritten).Select(a => a.Sequence!.Value).Order());
        var waiting = alarms.Single(a => a is { Kind: Alarm.StreamRewritten, Sequence: 3 });
        var evidence = (await host.Supervisor.GetFromJsonAsync<GetAlarm.Response>($"/api/supervision/alarms/{waiting.AlarmId}"))!;
        Assert.Equal(("fine", "changed"), (evidence.Recorded!.Payload.GetProperty("opinion").GetString(), evidence.SentAgain!.Payload.GetProperty("opinion").GetString()));
    }

    [Fact]
    public async Task An_archive_that_turns_out_not_to_be_opened_when_the_evaluation_is_complete_is_an_alarm()
    {
        var source = host.NewSource();
        await host.HearAsync(new LateFactRecorded(Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), "Builders", "withdrawn", "platform", "ciphertext-missing", "A36", "20号令31", host.Clock.GetUtcNow()), source);
        var alarm = Assert.Single(await host.AlarmsAsync(source, 1));
        Assert.Equal((Alarm.LateArchive, 1L), (alarm.Kind, alarm.Sequence));
        Assert.DoesNotContain("Builders", alarm.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Books_that_do_not_hold_are_an_alarm()
    {
        var source = host.NewSource();
        await host.HearAsync(new LedgerDoubted(["no-overdraft"], host.Clock.GetUtcNow()), source);
        var alarm = Assert.Single(await host.AlarmsAsync(source, 1));
        Assert.Equal((Alarm.LedgerDoubted, 1L), (alarm.Kind, alarm.Sequence));
        Assert.DoesNotContain("no-overdraft", alarm.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parked_message_is_an_alarm()
    {
        var (source, parked) = (host.NewSource(), Guid.CreateVersion7());
        await host.HearAsync(new MessageParked("credit", parked, "identity.organisation-registered", "open-archive", "TimeoutException", host.Clock.GetUtcNow()), source);
        var alarm = Assert.Single(await host.AlarmsAsync(source, 1));
        Assert.Equal(Alarm.MessageParked, alarm.Kind);
        Assert.Contains(parked.ToString(), alarm.Detail, StringComparison.Ordinal);
        Assert.Contains("open-archive", alarm.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_escrow_finds_is_an_alarm_that_names_nobody()
    {
        var (source, at) = (host.NewSource(), host.Clock.GetUtcNow());
        await host.HearAsync(new RefundsDelayed(Guid.CreateVersion7(), Guid.CreateVersion7(), 2, 4_000_00, "CNY", at, at), source);
        await host.HearAsync(new SharedPayerFound(Guid.CreateVersion7(), Guid.CreateVersion7(), "6222000011112222", "Builders", [], "C6", "条40(六)", at), source, sequence: 2);
        var alarms = await host.AlarmsAsync(source, 2);
        Assert.Equal([(Alarm.RefundsOverdue, 1L), (Alarm.SharedPayer, 2L)], alarms.OrderBy(a => a.Sequence).Select(a => (a.Kind, a.Sequence!.Value)));
        Assert.DoesNotContain(alarms, a => a.Detail.Contains("6222", StringComparison.Ordinal) || a.Detail.Contains("Builders", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_alarm_is_recorded_like_any_event_and_raises_no_other()
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1), Event(source, 1, opinion: "changed"));
        var alarm = Assert.Single(await host.AlarmsAsync(source, 1));
        await ServiceFixture.EventuallyAsync(async () => (await host.RecordedAsync("supervision")).Any(e => e.Payload.Contains(alarm.AlarmId.ToString(), StringComparison.Ordinal)));
        await host.SettledAsync();
        Assert.Empty(await host.AlarmsAsync("supervision"));
    }

    [Fact]
    public async Task What_cannot_be_read_does_not_stop_the_record()
    {
        var source = host.NewSource();
        await host.SendAsync(
            Event(source, 1) with { Payload = "no JSON" }, Event(source, 2) with { Type = "platform.message-parked", Payload = "[]" }, Event(source, 3) with { Type = null! },
            Event(source, -1), Event(source, 4) with { Address = "a\0b" }, Event(source, 3));
        var recorded = await host.RecordedAsync(source, 3);
        Assert.Equal(Range(1, 3), Numbers(recorded));
        var feed = await host.Supervisor.GetFromJsonAsync<GetFeed.Item[]>($"/api/supervision/feed?limit=1&after={recorded[0].Index - 1}");
        Assert.Equal("no JSON", Assert.Single(feed!).Payload.GetString());
    }

    [Theory]
    [InlineData("update event set payload = '{}'")]
    [InlineData("delete from event")]
    [InlineData("truncate event")]
    [InlineData("update alarm set detail = ''")]
    [InlineData("delete from rewriting")]
    public async Task The_record_cannot_be_changed_by_its_own_service_nor_its_owner(string sql)
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1), Event(source, 1, opinion: "changed"));
        await host.AlarmsAsync(source, 1);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RefusedAsync(host.ConnectionString, sql));
        var owner = new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString;
        Assert.Equal(PostgresErrorCodes.RestrictViolation, await RefusedAsync(owner, sql));
    }

    private static async Task<string> RefusedAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    }
}
