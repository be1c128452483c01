using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public class IdempotencyTests(NotesHost host) : IClassFixture<NotesHost>
{
    private const string Path = "/api/notes/notes";

    private static NotesService.Request Note(string text) => new(text, 1);
    private static string NewText() => Guid.NewGuid().ToString();
    private Task<int> StoredAsync(string text) => host.InDbAsync<NotesDb, int>(db => db.Notes.CountAsync(n => n.Text == text));
    private int Calls(string text) => host.Obstacles.Calls.Count(c => c == text);

    [Fact]
    public async Task A_repeat_gets_the_same_answer_and_happens_once()
    {
        var (caller, key, text) = (host.As("agency"), Guid.NewGuid().ToString(), NewText());
        var first = await caller.PostAsync(Path, Note(text), key);
        var second = await caller.PostAsync(Path, Note(text), key);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, second.StatusCode));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        Assert.Equal((1, 1), (await StoredAsync(text), Calls(text)));
    }

    [Fact]
    public async Task Repeats_at_the_same_moment_happen_once()
    {
        var (caller, key, text) = (host.As("agency"), Guid.NewGuid().ToString(), NewText());
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => caller.PostAsync(Path, Note(text), key)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.StatusCode));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync()))).Distinct());
        Assert.Equal((1, 1), (await StoredAsync(text), Calls(text)));
    }

    [Fact]
    public async Task Another_body_or_another_route_under_the_same_key_is_refused()
    {
        var (caller, key) = (host.As("agency"), Guid.NewGuid().ToString());
        await caller.PostAsync(Path, Note(NewText()), key);
        var other = await caller.PostAsync(Path, Note(NewText()), key);
        Assert.Equal((HttpStatusCode.Conflict, "idempotency-key-reused"), (other.StatusCode, await other.CodeAsync()));
    }

    [Fact]
    public async Task Two_callers_may_use_the_same_key()
    {
        var (key, text) = (Guid.NewGuid().ToString(), NewText());
        var answers = new[] { await host.As("agency").PostAsync(Path, Note(text), key), await host.As("agency").PostAsync(Path, Note(text), key), await host.Public().PostAsync(Path, Note(text), key) };
        Assert.Equal(3, (await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<NotesService.Response>()))).Distinct().Count());
    }

    [Theory]
    [InlineData("refuse ", HttpStatusCode.Conflict)]
    [InlineData("malformed ", HttpStatusCode.BadRequest)]
    public async Task What_was_refused_leaves_nothing_and_is_not_remembered(string prefix, HttpStatusCode status)
    {
        var (caller, key, text) = (host.As("agency"), Guid.NewGuid().ToString(), prefix + NewText());
        var before = (await host.PublishedAsync<NoteTaken, NotesDb>()).Count;
        Assert.Equal(status, (await caller.PostAsync(Path, Note(text), key)).StatusCode);
        Assert.Equal(status, (await caller.PostAsync(Path, Note(text), key)).StatusCode);
        Assert.Equal((0, 2), (await StoredAsync(text), Calls(text)));
        Assert.Equal(before, (await host.PublishedAsync<NoteTaken, NotesDb>()).Count);
        // The key is free: nothing happened under it.
        Assert.Equal(HttpStatusCode.Created, (await caller.PostAsync(Path, Note(NewText()), key)).StatusCode);
    }

    [Fact]
    public async Task A_key_is_needed_and_has_a_length()
    {
        var missing = await host.As("agency").PostAsJsonAsync(Path, Note(NewText()));
        Assert.Equal((HttpStatusCode.BadRequest, "malformed"), (missing.StatusCode, await missing.CodeAsync()));
        var tooLong = await host.As("agency").PostAsync(Path, Note(NewText()), new string('k', Idempotency.KeyLengthMax + 1));
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await host.As("agency").PostAsync(Path, Note(NewText()), new string('k', Idempotency.KeyLengthMax))).StatusCode);
    }
}
