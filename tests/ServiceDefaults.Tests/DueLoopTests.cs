using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public sealed class DueLoopTests : IAsyncLifetime
{
    private readonly NotesHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task<Guid> NoteAsync(DateTimeOffset? due)
    {
        var note = new Note { Id = Guid.CreateVersion7(), Text = "due", TakenAt = _host.Clock.GetUtcNow(), NextDueAt = due };
        await _host.InDbAsync<NotesDb, int>(db => { db.Add(note); return db.SaveChangesAsync(); });
        return note.Id;
    }

    private async Task<Guid> ReminderAsync(DateTimeOffset? due)
    {
        var id = await NoteAsync(null);
        await _host.InDbAsync<NotesDb, int>(db => { db.Add(new Reminder { Id = id, NextDueAt = due }); return db.SaveChangesAsync(); });
        return id;
    }

    private Task<int> CountOfAsync(Guid note) => _host.InDbAsync<NotesDb, int>(db => db.Notes.Where(n => n.Id == note).Select(n => n.DueCount).SingleAsync());

    // Reminders are due in no loop of the host's: the tests run their own.
    private DueLoop<NotesDb> Loop(TimeProvider clock) => new([Reminders], _host.Database, _host.Services.GetRequiredService<IServiceScopeFactory>(), clock, NullLogger<DueLoop<NotesDb>>.Instance);

    private static readonly Due<NotesDb> Reminders = new("reminder", async (id, db, services, now, ct) =>
    {
        var reminder = await db.Reminders.SingleAsync(r => r.Id == id, ct);
        (reminder.NextDueAt, reminder.DueCount) = (null, reminder.DueCount + 1);
        db.Add(new Effect { EventId = id, Number = 1 });
    });

    [Fact]
    public async Task Two_loops_claim_every_row_once()
    {
        var ids = new List<Guid>();
        for (var n = 0; n < 60; n++) ids.Add(await ReminderAsync(_host.Clock.GetUtcNow()));
        var loops = Enumerable.Range(0, 2).Select(_ => Loop(_host.Clock)).ToArray();
        foreach (var loop in loops) await loop.StartAsync(default);
        await ServiceFixture.EventuallyAsync(async () => !await _host.InDbAsync<NotesDb, bool>(db => db.Reminders.AnyAsync(r => r.NextDueAt != null)));
        foreach (var loop in loops) await loop.StopAsync(default);
        Assert.Equal(ids.Order(), (await _host.EffectsAsync((Guid?)null)).Select(e => e.EventId).Order());
    }

    [Fact]
    public async Task A_row_that_another_holds_is_left_to_it()
    {
        var id = await ReminderAsync(_host.Clock.GetUtcNow());
        await using var connection = await _host.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var claim = new Npgsql.NpgsqlCommand("select 1 from reminder for update", connection, transaction);
        await claim.ExecuteNonQueryAsync();
        Assert.False(await Loop(_host.Clock).HandleOneAsync(Reminders, default));
        await transaction.RollbackAsync();
        Assert.True(await Loop(_host.Clock).HandleOneAsync(Reminders, default));
        Assert.Equal(id, Assert.Single(await _host.EffectsAsync((Guid?)null)).EventId);
    }

    [Fact]
    public async Task A_row_that_fails_does_not_keep_the_others_waiting_and_is_tried_again()
    {
        var now = _host.Clock.GetUtcNow();
        var failing = await NoteAsync(now.AddDays(1));
        var fine = new List<Guid>();
        for (var n = 0; n < 5; n++) fine.Add(await NoteAsync(now.AddDays(1).AddMinutes(n + 1)));
        var broken = true;
        _host.Obstacles.OnDue = id => broken && id == failing ? throw new TimeoutException() : Task.CompletedTask;
        _host.Clock.MoveTo(now.AddDays(2));
        foreach (var id in fine) await ServiceFixture.EventuallyAsync(async () => await CountOfAsync(id) == 1);
        Assert.Equal(0, await CountOfAsync(failing));
        broken = false;
        await ServiceFixture.EventuallyAsync(async () => await CountOfAsync(failing) == 1);
        foreach (var id in fine) Assert.Equal(1, await CountOfAsync(id));
    }

    [Fact]
    public async Task Nothing_is_due_before_its_time()
    {
        var (soon, now) = (await NoteAsync(_host.Clock.GetUtcNow().AddHours(1)), await NoteAsync(_host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(async () => await CountOfAsync(now) == 1);
        Assert.Equal(0, await CountOfAsync(soon));
    }

    [Fact]
    public async Task A_simulated_clock_that_is_moved_wakes_the_loop()
    {
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "clock");
        using var clock = new SimulatedClock(path);
        var id = await ReminderAsync(clock.GetUtcNow().AddDays(30));
        var loop = Loop(clock);
        await loop.StartAsync(default);
        Assert.Empty(await _host.EffectsAsync((Guid?)null));
        clock.Move(clock.GetUtcNow().AddDays(31), null);
        await ServiceFixture.EventuallyAsync(async () => (await _host.EffectsAsync((Guid?)null)).Any(e => e.EventId == id));
        await loop.StopAsync(default);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
