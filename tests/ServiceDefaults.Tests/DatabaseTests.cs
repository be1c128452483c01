using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;

namespace Tendering.ServiceDefaults.Tests;

public class DatabaseTests(NotesHost host) : IClassFixture<NotesHost>
{
    [Fact]
    public async Task A_moment_of_another_offset_is_stored_in_UTC_and_is_the_same_moment()
    {
        var shanghai = new DateTimeOffset(2026, 3, 2, 9, 30, 0, TimeSpan.FromHours(8));
        var note = new Note { Id = Guid.CreateVersion7(), Text = "moment", TakenAt = shanghai, NextDueAt = shanghai.AddYears(5) };
        await host.InDbAsync<NotesDb, int>(db => { db.Add(note); db.Publish(new RulesChanged(815), shanghai); return db.SaveChangesAsync(); });
        var stored = await host.InDbAsync<NotesDb, Note>(db => db.Notes.AsNoTracking().SingleAsync(n => n.Id == note.Id));
        Assert.Equal((shanghai, TimeSpan.Zero), (stored.TakenAt, stored.TakenAt.Offset));
        Assert.Equal(1, await host.InDbAsync<NotesDb, int>(db => db.Notes.CountAsync(n => n.Id == note.Id && n.TakenAt == shanghai)));
        Assert.Equal("2026-03-02 01:30:00", await NotesHost.ScalarAsync<string>(host.Owner, $"select to_char(taken_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from note where id = '{note.Id}'"));
    }

    [Theory]
    [InlineData("create table mine (id int)")]
    [InlineData("alter table note add column more text")]
    [InlineData("alter table outbox disable trigger all")]
    [InlineData("drop table note")]
    [InlineData("drop trigger outbox_append_only on outbox")]
    [InlineData("create or replace function outbox_is_append_only() returns trigger language plpgsql as 'begin return new; end'")]
    [InlineData("insert into schema_journal (name, sha256) values ('service/9999_x.sql', '')")]
    [InlineData("delete from effect")]
    [InlineData("create schema other")]
    [InlineData("grant all on note to public")]
    public async Task The_service_cannot_change_its_schema(string sql)
    {
        if (sql.StartsWith("grant", StringComparison.Ordinal))
        {
            // PostgreSQL answers with a warning: what counts is that nothing was granted.
            try { await NotesHost.ScalarAsync<object>(host.ConnectionString, sql + "; select 1"); } catch (PostgresException) { /* refused outright */ }
            Assert.False(await NotesHost.ScalarAsync<bool>(host.Owner, "select exists (select 1 from information_schema.role_table_grants where grantee = 'PUBLIC' and table_name = 'note')"));
            return;
        }
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await NotesHost.RefusedAsync(host.ConnectionString, sql));
    }

    [Theory]
    [InlineData("SocialCreditCode", "social_credit_code")]
    [InlineData("Id", "id")]
    [InlineData("Sha256Of", "sha256_of")]
    public void Names_become_snakes(string name, string snake) => Assert.Equal(snake, Database.Snake(name));
}
