using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tendering.Replay.Client;

/// <summary>The system said no, with the problem's stable code.</summary>
public sealed class RefusedException(HttpStatusCode status, string code, string title, string? rule, string? article, string where)
    : Exception($"{where}: {(int)status} {code}: {title}{(rule is null ? "" : $" ({rule}, {article})")}")
{
    public HttpStatusCode Status { get; } = status;
    public string Code { get; } = code;
    public string Title { get; } = title;
    public string? Rule { get; } = rule;
    public string? Article { get; } = article;
}

/// <summary>
/// One party's connection to the gateway, signed in or public. A call that gets no answer, or the answer that something is away, is
/// repeated with the same Idempotency-Key, for a bounded time: what the law asks of a client in the last minute before a deadline.
/// </summary>
public sealed class Session : IDisposable
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(3), CallMax = TimeSpan.FromSeconds(20), PollMin = TimeSpan.FromMilliseconds(30), PollMax = TimeSpan.FromMilliseconds(500);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    private readonly HttpClient _http;
    private (string User, string Password)? _credentials;

    public Session(Uri gateway)
    {
        var handler = new SocketsHttpHandler { CookieContainer = new CookieContainer(), PooledConnectionLifetime = TimeSpan.FromMinutes(2) };
        _http = new HttpClient(handler) { BaseAddress = gateway, Timeout = CallMax };
        _http.DefaultRequestHeaders.Add("X-Tendering-Csrf", "1");
    }

    public static async Task<Session> SignInAsync(Uri gateway, string user, string password, CancellationToken ct)
    {
        var session = new Session(gateway) { _credentials = (user, password) };
        await session.SignInAsync(ct);
        return session;
    }

    public Task<T> GetAsync<T>(string path, CancellationToken ct) => CallAsync<T>(() => new HttpRequestMessage(HttpMethod.Get, path), ct);

    public async Task<byte[]> GetBytesAsync(string path, CancellationToken ct)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), ct);
        return await answer.Content.ReadAsByteArrayAsync(ct);
    }

    /// <summary>The answer, or null while there is none (404).</summary>
    public async Task<T?> FindAsync<T>(string path, CancellationToken ct) where T : class
    {
        try { return await GetAsync<T>(path, ct); }
        catch (RefusedException e) when (e.Status == HttpStatusCode.NotFound) { return null; }
    }

    public Task<T> PostAsync<T>(string path, object body, CancellationToken ct) => CallAsync<T>(Posting(path, body), ct);

    public async Task PostAsync(string path, object body, CancellationToken ct)
    {
        using var answer = await SendAsync(Posting(path, body), ct);
    }

    /// <summary>A call of the upload protocol (tus 1.0); the answer's headers are what counts.</summary>
    public async Task<HttpResponseMessage> TusAsync(HttpMethod method, string path, ReadOnlyMemory<byte>? content, CancellationToken ct, params (string Name, string Value)[] headers) => await SendAsync(() =>
    {
        var request = new HttpRequestMessage(method, path) { Headers = { { "Tus-Resumable", "1.0.0" } } };
        if (content is { } bytes) request.Content = new ReadOnlyMemoryContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return request;
    }, ct);

    /// <summary>Asks until the answer is the awaited one; facts travel between services in moments, and this says what it waited for if they do not.</summary>
    public async Task<T> UntilAsync<T>(string path, Func<T, bool> holds, string what, CancellationToken ct) where T : class
    {
        var (start, pause) = (Stopwatch.GetTimestamp(), PollMin);
        while (true)
        {
            if (await FindAsync<T>(path, ct) is { } answer && holds(answer)) return answer;
            if (Stopwatch.GetElapsedTime(start) > PatienceMax) throw new TimeoutException($"Waited {PatienceMax.TotalSeconds:0} s for {what} ({path}).");
            await Task.Delay(pause, ct);
            pause = pause * 1.5 < PollMax ? pause * 1.5 : PollMax;
        }
    }

    public void Dispose() => _http.Dispose();

    private static Func<HttpRequestMessage> Posting(string path, object body)
    {
        var key = Guid.CreateVersion7().ToString();
        return () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: Json) };
            request.Headers.Add("Idempotency-Key", key);
            return request;
        };
    }

    private async Task<T> CallAsync<T>(Func<HttpRequestMessage> make, CancellationToken ct)
    {
        using var answer = await SendAsync(make, ct);
        return (await answer.Content.ReadFromJsonAsync<T>(Json, ct))!;
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken ct)
    {
        var (start, pause, signedInAgain) = (Stopwatch.GetTimestamp(), TimeSpan.FromMilliseconds(100), false);
        while (true)
        {
            HttpResponseMessage? answer = null;
            try { answer = await _http.SendAsync(make(), ct); }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !ct.IsCancellationRequested && Stopwatch.GetElapsedTime(start) < PatienceMax) { }
            if (answer is { IsSuccessStatusCode: true }) return answer;
            if (answer is { StatusCode: HttpStatusCode.Unauthorized } && _credentials is not null && !signedInAgain)
            {
                answer.Dispose();
                signedInAgain = true;
                await SignInAsync(ct);
                continue;
            }
            var again = answer is null or { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };
            if (answer is not null && (!again || Stopwatch.GetElapsedTime(start) > PatienceMax)) throw await RefusalAsync(answer, ct);
            pause = answer?.Headers.RetryAfter?.Delta is { } asked && asked > TimeSpan.Zero ? asked : pause * 1.5 < TimeSpan.FromSeconds(2) ? pause * 1.5 : pause;
            answer?.Dispose();
            await Task.Delay(pause, ct);
        }
    }

    private async Task SignInAsync(CancellationToken ct)
    {
        var credentials = _credentials!.Value;
        _credentials = null;                                     // a refused sign-in is an answer, not a reason to sign in
        try { await PostAsync("session", new { userName = credentials.User, credentials.Password }, ct); }
        finally { _credentials = credentials; }
    }

    private static async Task<RefusedException> RefusalAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(ct);
            var where = $"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.AbsolutePath}";
            try
            {
                var problem = JsonSerializer.Deserialize<JsonElement>(text);
                var title = Text(problem, "title") ?? "";
                if (problem.TryGetProperty("errors", out var errors)) title += " " + errors;
                return new RefusedException(answer.StatusCode, Text(problem, "code") ?? "", title, Text(problem, "rule"), Text(problem, "article"), where);
            }
            catch (JsonException) { return new RefusedException(answer.StatusCode, "", text.Length > 300 ? text[..300] : text, null, null, where); }
        }
    }

    private static string? Text(JsonElement problem, string name) => problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
