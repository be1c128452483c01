using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Tendering.Gateway;

/// <summary>What identity says to a sign-in: a body to answer with, or a session and a person.</summary>
public sealed record SignedIn(int Status, string? Refusal, string? Session, string? AccessToken, int ExpiresIn, JsonElement? Person);

public sealed record Token(string AccessToken, int ExpiresIn);

/// <summary>The gateway's own calls to identity. Where it does not answer, these throw <see cref="HttpRequestException"/> or are cancelled by time.</summary>
public sealed class IdentityClient(Destinations destinations) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = destinations.Identity, Timeout = TimeSpan.FromSeconds(10) };

    public async Task<SignedIn> SignInAsync(string userName, string password, string? address, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/identity/sessions") { Content = JsonContent.Create(new { userName, password }) };
        if (address is not null) request.Headers.Add("X-Forwarded-For", address);
        using var answer = await _http.SendAsync(request, ct);
        if (answer.StatusCode != HttpStatusCode.OK) return new SignedIn((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(ct), null, null, 0, null);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
        return new SignedIn(200, null, body.GetProperty("session").GetString(), body.GetProperty("accessToken").GetString(),
            body.GetProperty("expiresIn").GetInt32(), body.GetProperty("person"));
    }

    /// <summary>A new token for a session; null when it has ended.</summary>
    public async Task<Token?> TokenAsync(string session, CancellationToken ct)
    {
        using var answer = await _http.PostAsJsonAsync("/api/identity/sessions/token", new { session }, ct);
        if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<Token>(ct);
    }

    public async Task EndAsync(string session, CancellationToken ct)
    {
        using var answer = await _http.PostAsJsonAsync("/api/identity/sessions/end", new { session }, ct);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<JsonElement> MeAsync(string accessToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/identity/me") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", accessToken) } };
        using var answer = await _http.SendAsync(request, ct);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
    }

    public void Dispose() => _http.Dispose();
}
