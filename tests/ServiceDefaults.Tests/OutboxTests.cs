using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;

namespace Tendering.ServiceDefaults.Tests;

public class OutboxTests(NotesHost host) : IClassFixture<NotesHost>
{
    [Theory]
    [InlineData("update outbox set payload = '{}'")]
    [InlineData("update outbox set occurred_at = now()")]
    [InlineData("delete from outbox")]
    [InlineData("truncate outbox")]
    public async Task Events_cannot_be_changed_by_the_service(string sql) => Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await NotesHost.RefusedAsync(host.ConnectionString, sql));

    [Theory]
    [InlineData("update outbox set payload = '{}'")]
    [InlineData("update outbox set sequence = sequence + 1000")]
    [InlineData("update outbox set sequence = null")]
    [InlineData("delete from outbox")]
    [InlineData("truncate outbox")]
    public async Task Nor_by_the_owner_of_the_table(string sql)
    {
        await host.PublishAsync(new RulesChanged(1));
        await host.AllPublishedAsync();
        Assert.Equal(PostgresErrorCodes.RestrictViolation, await NotesHost.RefusedAsync(host.Owner, sql));
    }

    [Theory]
    [InlineData("update outbox set sequence = sequence + 1000")]
    [InlineData("update outbox set sequence = null")]
    public async Task A_number_once_given_stays(string sql)
    {
        await host.PublishAsync(new RulesChanged(1));
        await host.AllPublishedAsync();
        Assert.Equal(PostgresErrorCodes.RestrictViolation, await NotesHost.RefusedAsync(host.ConnectionString, sql));
    }

    [Fact]
    public async Task State_and_event_leave_together_or_not_at_all()
    {
        await Assert.ThrowsAsync<DbUpdateException>(() => host.InDbAsync<NotesDb, int>(db =>
        {
            db.Add(new Note { Id = Guid.CreateVersion7(), Text = null!, TakenAt = host.Clock.GetUtcNow() });
            db.Publish(new RulesChanged(4711), host.Clock.GetUtcNow());
            return db.SaveChangesAsync();
        }));
        Assert.DoesNotContain(await host.PublishedAsync<RulesChanged, NotesDb>(), e => e.Number == 4711);
    }

    [Fact]
    public async Task A_document_is_told_in_parts_that_make_it_again_and_cut_no_character()
    {
        foreach (var text in new[] { "", "{}", new string('a', Outbox.DocumentPartMax), new string('a', Outbox.DocumentPartMax - 1) + string.Concat(Enumerable.Repeat("𠀀", Outbox.DocumentPartMax)) + "长" })
        {
            var subject = Guid.CreateVersion7();
            await host.InDbAsync<NotesDb, int>(db =>
            {
                db.PublishDocument(Guid.CreateVersion7(), "text", subject, text, host.Clock.GetUtcNow());
                return db.SaveChangesAsync();
            });
            Assert.Equal(text, Assert.Single(await host.DocumentsAsync<NotesDb>("text", subject)));
            Assert.All((await host.PublishedAsync<Contracts.Platform.DocumentPublished, NotesDb>()).Where(d => d.Subject == subject), d => Assert.InRange(d.Text.Length, 0, Outbox.DocumentPartMax));
        }
    }

    [Fact]
    public async Task An_event_says_who_and_from_where_and_a_secret_one_has_a_salt_of_its_own()
    {
        var (tender, person, organisation) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        Caller.Current = new Caller(person, organisation, "Li", ["agency", "centre"], "10.1.2.3");
        await host.PublishAsync(new PageTurned(tender, 1), new PageTurned(tender, 2));
        Caller.Current = Caller.Platform;
        var rows = await host.InDbAsync<NotesDb, List<OutboxEvent>>(db => db.Set<OutboxEvent>().Where(e => e.TenderId == tender).ToListAsync());
        Assert.All(rows, r => Assert.Equal((person, organisation, "agency centre", "10.1.2.3", "opening", 1), (r.PersonId!.Value, r.OrganisationId!.Value, r.Role, r.Address, r.SecretUntil, r.Version)));
        Assert.All(rows, r => Assert.Equal(32, r.Salt!.Length));
        Assert.NotEqual(rows[0].Salt, rows[1].Salt);
    }

    [Fact]
    public void What_has_no_name_is_no_event() => Assert.Throws<InvalidOperationException>(() => Outbox.NameOf(typeof(JsonElement)));
}
