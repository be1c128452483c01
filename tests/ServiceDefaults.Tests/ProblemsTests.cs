using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public class ProblemsTests(NotesHost host) : IClassFixture<NotesHost>
{
    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<JsonElement> AskAsync(HttpMethod method, string path, HttpContent? content, HttpStatusCode status, string code)
    {
        using var client = host.Public();
        var answer = await client.SendAsync(new HttpRequestMessage(method, path) { Content = content, Headers = { { Idempotency.Header, Guid.NewGuid().ToString() } } });
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((code, $"/problems/{code}", (int)status), (problem.GetProperty("code").GetString(), problem.GetProperty("type").GetString(), problem.GetProperty("status").GetInt32()));
        return problem;
    }

    public static TheoryData<string> Bodies => ["", "{", "null", "[]", "\"text\"", """{"text":1,"number":1}""", """{"text":"a","number":"1"}""", """{"text":null,"number":1}""", """{"text":"a","number":99999999999}""", """{"number":1}"""];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_not_what_is_asked_for_is_malformed(string body)
    {
        await AskAsync(HttpMethod.Put, "/api/notes/notes", Json(body), HttpStatusCode.BadRequest, "malformed");
        await AskAsync(HttpMethod.Post, "/api/notes/notes", Json(body), HttpStatusCode.BadRequest, "malformed");
    }

    [Fact]
    public async Task A_text_that_the_database_cannot_keep_is_malformed() =>
        await AskAsync(HttpMethod.Post, "/api/notes/notes", Json("""{"text":"a\u0000b","number":1}"""), HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_query_of_the_wrong_type_is_malformed() => await AskAsync(HttpMethod.Get, "/api/notes/notes/1?size=many", null, HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task An_unknown_route_is_not_found_with_or_without_a_token()
    {
        await AskAsync(HttpMethod.Get, "/api/notes/nowhere", null, HttpStatusCode.NotFound, "not-found");
        Assert.Equal(HttpStatusCode.NotFound, (await host.As("centre").GetAsync("/nowhere")).StatusCode);
    }

    [Fact]
    public async Task A_wrong_method_is_named_so() => await AskAsync(HttpMethod.Delete, "/api/notes/notes", null, HttpStatusCode.MethodNotAllowed, "method-not-allowed");

    [Fact]
    public async Task Another_media_type_is_named_so()
    {
        await AskAsync(HttpMethod.Put, "/api/notes/notes", new StringContent("text=a", Encoding.UTF8, "application/x-www-form-urlencoded"), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        await AskAsync(HttpMethod.Post, "/api/notes/notes", new StringContent("text=a", Encoding.UTF8, "text/plain"), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Fact]
    public async Task Too_much_is_named_so()
    {
        // Told before it is sent, a body is refused before it is sent; one of unknown length while it is read.
        foreach (var chunked in new[] { false, true })
        {
            using var client = host.Public();
            var request = new HttpRequestMessage(HttpMethod.Post, "/api/notes/notes") { Content = new ByteArrayContent(new byte[Idempotency.BodyMax + 1]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            (request.Headers.ExpectContinue, request.Headers.TransferEncodingChunked) = (true, chunked);
            var answer = await client.SendAsync(request);
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (answer.StatusCode, await answer.CodeAsync()));
        }
    }

    [Fact]
    public async Task A_field_that_is_missing_is_named()
    {
        var problem = await AskAsync(HttpMethod.Put, "/api/notes/notes", Json("{}"), HttpStatusCode.BadRequest, "malformed");
        Assert.Equal("The body lacks 'text', 'number'.", problem.GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_broken_rule_names_rule_and_article()
    {
        var problem = await AskAsync(HttpMethod.Get, "/api/notes/law", null, HttpStatusCode.Conflict, "too-late");
        Assert.Equal(("A7", "法36", "The deadline has passed: come earlier."), (problem.GetProperty("rule").GetString(), problem.GetProperty("article").GetString(), problem.GetProperty("title").GetString()));
    }

    [Fact]
    public async Task What_is_missing_and_what_changed_meanwhile_are_named_so()
    {
        await AskAsync(HttpMethod.Get, "/api/notes/nothing", null, HttpStatusCode.NotFound, "not-found");
        await AskAsync(HttpMethod.Get, "/api/notes/changed", null, HttpStatusCode.Conflict, "changed-meanwhile");
        await AskAsync(HttpMethod.Get, "/api/notes/unspoken", null, HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_fault_gives_a_trace_id_and_no_internals()
    {
        var problem = await AskAsync(HttpMethod.Get, "/api/notes/fault", null, HttpStatusCode.InternalServerError, "fault");
        var trace = problem.GetProperty("traceId").GetString()!;
        Assert.NotEmpty(trace);
        var text = problem.GetRawText();
        foreach (var internals in new[] { "swordfish", "InvalidOperation", " at ", "Tendering.", ".cs" }) Assert.DoesNotContain(internals, text, StringComparison.Ordinal);
        Assert.Contains(host.Obstacles.Log, line => line.Contains(trace, StringComparison.Ordinal));
    }

    [Fact]
    public void A_database_that_is_away_is_told_from_a_request_that_is_wrong()
    {
        Assert.True(ProblemHandler.IsDatabaseAway(new InvalidOperationException("wrapped", new NpgsqlException("no answer", new SocketException(111)))));
        Assert.True(ProblemHandler.IsDatabaseAway(new PostgresException("going down", "FATAL", "FATAL", "57P01")));
        Assert.False(ProblemHandler.IsDatabaseAway(new InvalidOperationException("wrapped", new PostgresException("duplicate", "ERROR", "ERROR", "23505"))));
        Assert.False(ProblemHandler.IsDatabaseAway(Assert.ThrowsAny<Exception>(() => new List<int>().First())));
        Assert.False(ProblemHandler.IsDatabaseAway(new ObjectDisposedException("anything else")));
    }
}

public class DatabaseAwayTests(NotesHost host) : IClassFixture<NotesHost>
{
    [Fact]
    public async Task A_database_that_is_away_is_unavailable_and_comes_back()
    {
        Assert.Equal(HttpStatusCode.OK, (await host.Public().GetAsync("/api/notes/notes")).StatusCode);
        await NotesHost.ScalarAsync<long>(host.Owner, $"alter role {host.Role} connection limit 0; select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{host.Role}'");
        var answer = await host.Public().GetAsync("/api/notes/notes");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.StatusCode, await answer.CodeAsync()));
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Public().GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Public().GetAsync("/health/live")).StatusCode);
        await NotesHost.ScalarAsync<long>(host.Owner, $"alter role {host.Role} connection limit -1; select 1::bigint");
        await ServiceFixture.EventuallyAsync(async () => (await host.Public().GetAsync("/api/notes/notes")).StatusCode == HttpStatusCode.OK);
    }
}
