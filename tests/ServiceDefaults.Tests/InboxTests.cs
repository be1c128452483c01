using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using Tendering.Contracts;
using Tendering.Contracts.Platform;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public sealed class InboxTests : IAsyncLifetime
{
    private readonly NotesHost _host = new();
    private readonly Guid _tender = Guid.CreateVersion7();

    public ValueTask InitializeAsync() => _host.InitializeAsync();
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static int NumberOf(Envelope e) => JsonDocument.Parse(e.Payload).RootElement.GetProperty("number").GetInt32();

    [Fact]
    public async Task The_same_event_twice_has_one_effect()
    {
        var id = await _host.HearAsync(new NoteTaken(_tender, 1));
        await _host.HearAsync(new NoteTaken(_tender, 1), id: id);
        await _host.HearAsync(new NoteTaken(_tender, 2));
        Assert.Equal([1, 2], await _host.EffectsAsync(_tender, 2));
    }

    [Fact]
    public async Task A_handler_that_fails_is_tried_again_and_leaves_one_effect()
    {
        var attempts = 0;
        _host.Obstacles.OnHandle = _ => Interlocked.Increment(ref attempts) < 4 ? throw new TimeoutException("not yet") : Task.CompletedTask;
        await _host.HearAsync(new NoteTaken(_tender, 1));
        Assert.Equal([1], await _host.EffectsAsync(_tender, 1));
        Assert.Equal(4, attempts);
        Assert.Empty(await _host.PublishedAsync<MessageParked, NotesDb>());
    }

    [Fact]
    public async Task What_keeps_failing_is_parked_with_an_alarm_and_the_others_go_on_and_an_operator_hands_it_over_again()
    {
        var broken = true;
        _host.Obstacles.OnHandle = e => broken && e.TenderId == _tender && NumberOf(e) == 1 ? throw new TimeoutException("the secret reason") : Task.CompletedTask;
        var id = await _host.HearAsync(new NoteTaken(_tender, 1));
        await _host.HearAsync(new NoteTaken(_tender, 2));
        var others = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToArray();
        foreach (var other in others) await _host.HearAsync(new NoteTaken(other, 1));
        foreach (var other in others) await _host.EffectsAsync(other, 1);
        Assert.Equal([2], await _host.EffectsAsync(_tender, 1));

        var parked = Assert.Single(await _host.PublishedAsync<MessageParked, NotesDb>());
        Assert.Equal(("notes", id, "notes.note-taken", "count-notes", "TimeoutException"), (parked.Service, parked.EventId, parked.EventType, parked.Consumer, parked.Error));
        var list = await _host.As(Roles.Operator).GetStringAsync("/api/notes/parked");
        Assert.Contains(id.ToString(), list, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", list, StringComparison.Ordinal);

        broken = false;
        Assert.True((await _host.As(Roles.Operator).PostAsync($"/api/notes/parked/{id}/retry", null)).IsSuccessStatusCode);
        Assert.Equal([2, 1], await _host.EffectsAsync(_tender, 2));
        Assert.Equal("[]", await _host.As(Roles.Operator).GetStringAsync("/api/notes/parked"));
    }

    [Fact]
    public async Task Each_tender_keeps_its_order_while_tenders_run_side_by_side()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var tenders = Enumerable.Range(0, 10).Select(_ => Guid.CreateVersion7()).ToArray();
        // Early ones hold up the later ones of the same tender for a moment, as a slow statement would.
        _host.Obstacles.OnHandle = e => NotesHost.ScalarAsync<bool>(_host.Owner, $"select pg_sleep({e.Id.ToByteArray()[15] % 5} / 1000.0) is not null");
        for (var n = 1; n <= 15; n++)
        {
            random.Shuffle(tenders);
            await _host.PublishAsync(tenders.Select(t => new NoteTaken(t, n)));
        }
        foreach (var tender in tenders) Assert.True(Enumerable.Range(1, 15).SequenceEqual(await _host.EffectsAsync(tender, 15)), $"seed {seed}");
    }

    [Fact]
    public async Task An_event_without_a_tender_waits_for_all_before_it_and_all_after_wait_for_it()
    {
        var order = new ConcurrentQueue<string>();
        var gate = new TaskCompletionSource();
        _host.Obstacles.OnHandle = async e =>
        {
            if (e.TenderId == _tender && NumberOf(e) == 1) await gate.Task;
            order.Enqueue(e.TenderId is null ? "rules" : NumberOf(e) == 1 ? "before" : "after");
        };
        // A tender of another lane than the first one's.
        var other = Enumerable.Range(0, 100).Select(_ => Guid.CreateVersion7()).First(g => (g.GetHashCode() & int.MaxValue) % 4 != (_tender.GetHashCode() & int.MaxValue) % 4);
        await _host.HearAsync(new NoteTaken(_tender, 1));
        await _host.HearAsync(new NoteTaken(other, 1));
        await _host.HearAsync(new RulesChanged(1));
        await _host.HearAsync(new NoteTaken(other, 2));
        await _host.HearAsync(new NoteTaken(_tender, 2));
        // The other lane runs; everything else has been delivered and had its chance to overtake.
        await _host.EffectsAsync(other, 1);
        await ServiceFixture.EventuallyAsync(async () =>
        {
            await using var channel = await _host.Bus.OpenChannelAsync(confirms: false, default);
            return (await channel.QueueDeclarePassiveAsync(_host.Bus.QueueOf("notes"))).MessageCount == 0;
        });
        for (var look = 0; look < 50; look++)
        {
            await _host.EffectsAsync(other);
            Assert.Equal(["before"], order);
        }
        gate.SetResult();
        await _host.EffectsAsync(_tender, 2);
        await _host.EffectsAsync(other, 2);
        Assert.Equal(["before", "before", "rules", "after", "after"], order);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public async Task What_is_no_event_is_set_aside_whole_and_the_next_is_heard(string nonsense)
    {
        await _host.HearAsync(new NoteTaken(_tender, 1));
        await using var channel = await _host.Bus.OpenChannelAsync(confirms: true, default);
        await channel.BasicPublishAsync(_host.Bus.Events, "notes.note-taken", true, Encoding.UTF8.GetBytes(nonsense));
        await _host.HearAsync(new NoteTaken(_tender, 2));
        Assert.Equal([1, 2], await _host.EffectsAsync(_tender, 2));
        BasicGetResult? aside = null;
        await ServiceFixture.EventuallyAsync(async () =>
        {
            await using var fresh = await _host.Bus.OpenChannelAsync(confirms: false, default);
            return (aside = await fresh.BasicGetAsync(_host.Bus.QueueOf("notes") + ".unreadable", autoAck: true)) is not null;
        });
        Assert.Equal(nonsense, Encoding.UTF8.GetString(aside!.Body.Span));
    }

    [Fact]
    public async Task A_payload_that_is_not_what_its_type_says_is_parked()
    {
        await using var channel = await _host.Bus.OpenChannelAsync(confirms: true, default);
        await _host.ListensAsync();
        var envelope = new Envelope(Guid.CreateVersion7(), "notes.note-taken", 1, "elsewhere", 1, _tender, "\"text\"", null, null, null, null, null, null, _host.Clock.GetUtcNow(), null);
        await channel.BasicPublishAsync(_host.Bus.Events, envelope.Type, true, JsonSerializer.SerializeToUtf8Bytes(envelope, Outbox.Json));
        await ServiceFixture.EventuallyAsync(async () => (await _host.PublishedAsync<MessageParked, NotesDb>()).Any(p => p.EventId == envelope.Id && p.Error == "JsonException"));
    }

    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_and_heard_again()
    {
        await _host.HearAsync(new NoteTaken(_tender, 1));
        await _host.EffectsAsync(_tender, 1);
        await using (var channel = await _host.Bus.OpenChannelAsync(confirms: false, default)) await channel.QueueDeleteAsync(_host.Bus.QueueOf("notes"));
        await _host.HearAsync(new NoteTaken(_tender, 2));
        Assert.Equal([1, 2], await _host.EffectsAsync(_tender, 2));
    }

    [Fact]
    public async Task While_the_database_is_away_an_event_waits_and_is_not_parked()
    {
        await _host.ListensAsync();
        await NotesHost.ScalarAsync<long>(_host.Owner, $"alter role {_host.Role} connection limit 0; select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{_host.Role}'");
        await _host.HearAsync(new NoteTaken(_tender, 1));
        // More attempts than a failing handler gets, and none of them counts.
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Failures().Length > 8));
        Assert.All(Failures(), line => Assert.EndsWith("attempt 1.", line, StringComparison.Ordinal));
        await NotesHost.ScalarAsync<long>(_host.Owner, $"alter role {_host.Role} connection limit -1; select 1::bigint");
        Assert.Equal([1], await _host.EffectsAsync(_tender, 1));
        Assert.Empty(await _host.PublishedAsync<MessageParked, NotesDb>());
    }

    private string[] Failures() => [.. _host.Obstacles.Log.Where(line => line.Contains("could not handle", StringComparison.Ordinal))];
}
