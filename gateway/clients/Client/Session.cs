using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tendering.Client;

/// <summary>
/// One party's connection to the gateway, signed in or public. A call that gets no answer, or the answer that something is away, is
/// repeated with the same Idempotency-Key, for a bounded time: what the law asks of a client in the last minute before a deadline.
/// </summary>
public sealed class Session : IDisposable
{
    private static readonly TimeSpan CallMax = TimeSpan.FromSeconds(20), PollMin = TimeSpan.FromMilliseconds(30), PollMax = TimeSpan.FromMilliseconds(500), PauseMax = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    private readonly HttpClient _http;
    private readonly CookieContainer _cookies = new();
    private readonly TimeSpan _patience;
    private Func<CancellationToken, Task>? _signIn;

    public Session(Uri gateway, TimeSpan? patience = null)
    {
        _patience = patience ?? TimeSpan.FromMinutes(3);
        // A redirect would carry a password or a key to wherever somebody points.
        var handler = new SocketsHttpHandler { CookieContainer = _cookies, PooledConnectionLifetime = TimeSpan.FromMinutes(2), AllowAutoRedirect = false };
        _http = new HttpClient(handler) { BaseAddress = gateway, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Add("X-Tendering-Csrf", "1");
    }

    /// <summary>A person, by name and password.</summary>
    public static async Task<Session> SignInAsync(Uri gateway, string user, string password, CancellationToken ct, TimeSpan? patience = null)
    {
        var session = new Session(gateway, patience);
        return await session.SignedInAsync(again => session.PostAsync("session", new { userName = user, password }, again), ct);
    }

    /// <summary>A machine, by client credentials (RFC 6749, 4.4).</summary>
    public static async Task<Session> SignInMachineAsync(Uri gateway, string clientId, string clientSecret, CancellationToken ct, TimeSpan? patience = null)
    {
        var session = new Session(gateway, patience);
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = clientId, ["client_secret"] = clientSecret };
        return await session.SignedInAsync(async again =>
        {
            var token = await session.CallAsync<MachineToken>(() => new HttpRequestMessage(HttpMethod.Post, "connect/token") { Content = new FormUrlEncodedContent(form) }, again);
            session._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.AccessToken);
        }, ct);
    }

    /// <summary>The header <c>Cookie</c> of this session's calls.</summary>
    public string Cookies => _cookies.GetCookieHeader(_http.BaseAddress!);

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

    /// <summary>Asks until the answer is the awaited one; facts travel between services in moments, and this says what it waited for if they do not.</summary>
    public async Task<T> UntilAsync<T>(string path, Func<T, bool> holds, string what, CancellationToken ct) where T : class
    {
        var (start, pause) = (Stopwatch.GetTimestamp(), PollMin);
        while (true)
        {
            if (await FindAsync<T>(path, ct) is { } answer && holds(answer)) return answer;
            if (Stopwatch.GetElapsedTime(start) > _patience) throw new TimeoutException($"Waited {_patience.TotalSeconds:0} s for {what} ({path}).");
            await Task.Delay(pause, ct);
            pause = pause * 1.5 < PollMax ? pause * 1.5 : PollMax;
        }
    }

    /// <summary>For how long a call that finds nobody is repeated.</summary>
    public TimeSpan Patience => _patience;

    /// <summary>One try of a call: no answer is an exception, and so is any answer but success. For those who know better than to repeat the same.</summary>
    public async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, TimeSpan callMax, CancellationToken ct, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        var answer = (await TryAsync(() => request, callMax, isPatient: false, ct, completion))!;
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await RefusedException.ReadAsync(answer, ct);
    }

    /// <summary>Does an answer say that somebody is away or busy, and may be asked again?</summary>
    public static bool IsAway(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Any call, made anew each time it is tried; an answer other than success is a <see cref="RefusedException"/>. <paramref name="callMax"/>: how long one try may take.</summary>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken ct, TimeSpan? callMax = null)
    {
        var (start, pause, signedInAgain) = (Stopwatch.GetTimestamp(), TimeSpan.FromMilliseconds(100), false);
        while (true)
        {
            var isPatient = Stopwatch.GetElapsedTime(start) < _patience;
            var answer = await TryAsync(make, callMax ?? CallMax, isPatient, ct);
            if (answer is { IsSuccessStatusCode: true }) return answer;
            if (answer is { StatusCode: HttpStatusCode.Unauthorized } && _signIn is not null && !signedInAgain)
            {
                answer.Dispose();
                signedInAgain = true;
                await SignInAsync(ct);
                continue;
            }
            if (answer is not null && (!isPatient || !IsAway(answer.StatusCode)))
                using (answer) throw await RefusedException.ReadAsync(answer, ct);
            pause = answer?.Headers.RetryAfter?.Delta is { } asked && asked > TimeSpan.Zero ? (asked < PauseMax ? asked : PauseMax) : pause * 1.5 < TimeSpan.FromSeconds(2) ? pause * 1.5 : pause;
            answer?.Dispose();
            await Task.Delay(pause, ct);
        }
    }

    public void Dispose() => _http.Dispose();

    // Null where no answer came and there is patience left.
    private async Task<HttpResponseMessage?> TryAsync(Func<HttpRequestMessage> make, TimeSpan callMax, bool isPatient, CancellationToken ct, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(callMax);
        try { return await _http.SendAsync(make(), completion, limit.Token); }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return isPatient ? null : throw new TimeoutException($"No answer came within {callMax.TotalSeconds:0} s.");
        }
        catch (Exception e) when (isPatient && e is HttpRequestException or IOException && !ct.IsCancellationRequested) { return null; }
    }

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

    private async Task<Session> SignedInAsync(Func<CancellationToken, Task> signIn, CancellationToken ct)
    {
        _signIn = signIn;
        try { await SignInAsync(ct); }
        catch
        {
            Dispose();
            throw;
        }
        return this;
    }

    private async Task SignInAsync(CancellationToken ct)
    {
        var signIn = _signIn!;
        _signIn = null;                                          // a refused sign-in is an answer, not a reason to sign in
        try { await signIn(ct); }
        finally { _signIn = signIn; }
    }

    private sealed record MachineToken([property: JsonPropertyName("access_token")] string AccessToken);
}
