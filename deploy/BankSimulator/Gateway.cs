using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Tendering.BankSimulator;

/// <summary>The bank's access token, kept until shortly before it ends.</summary>
public sealed class Token
{
    public string? Value { get; set; }
    public DateTimeOffset Until { get; set; }
}

/// <summary>A file of payment orders that escrow holds ready.</summary>
public sealed record PaymentFile(Guid Id, long Sequence);

/// <summary>The system's public face, as the bank sees it. A call that should be repeated throws <see cref="HttpRequestException"/>.</summary>
public sealed class Gateway(HttpClient http, Token token, IConfiguration configuration)
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>The system's time, so that a simulated clock holds at the bank too.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken ct) => (await http.GetFromJsonAsync<ClockAnswer>("/api/identity/clock", ct))!.Now;

    /// <summary>Brings a file; the answer is that to its first entry.</summary>
    public async Task<NoticeAnswered> NotifyAsync(string reference, byte[] file, CancellationToken ct)
    {
        using var content = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/xml") } };
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/escrow/bank-files", content, ct);
        var first = body.TryGetProperty("entries", out var entries) && entries.GetArrayLength() > 0 ? entries[0] : body;
        return new NoticeAnswered(reference, status, Text(first, "outcome"), Text(first, "code"));
    }

    public async Task<PaymentFile[]> FilesAsync(long after, CancellationToken ct)
    {
        var (_, body) = await SendAsync(HttpMethod.Get, $"/api/escrow/payment-files?open=true&after={after}", null, ct);
        return body.Deserialize<PaymentFile[]>(JsonSerializerOptions.Web)!;
    }

    public async Task<byte[]> FileAsync(Guid id, CancellationToken ct)
    {
        using var request = await RequestAsync(HttpMethod.Get, $"/api/escrow/payment-files/{id}", null, ct);
        using var response = await http.SendAsync(request, ct);
        if (response.StatusCode == HttpStatusCode.Unauthorized) token.Value = null;
        return await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(ct);
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(ct));
        return request;
    }

    // An answer is what a repeat would not change: it was done, or it is refused for good.
    private async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct)
    {
        using var request = await RequestAsync(method, path, content, ct);
        using var response = await http.SendAsync(request, ct);
        if (response.StatusCode == HttpStatusCode.Unauthorized) token.Value = null;
        var isAnswer = response.IsSuccessStatusCode || (method == HttpMethod.Post && response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.RequestEntityTooLarge);
        if (!isAnswer) throw new HttpRequestException($"{(int)response.StatusCode} from {path}", null, response.StatusCode);
        var body = await BodyAsync(response, ct);
        if (Text(body, "code") == "changed-meanwhile") throw new HttpRequestException("changed meanwhile", null, response.StatusCode);
        return ((int)response.StatusCode, body);
    }

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try { return await response.Content.ReadFromJsonAsync<JsonElement>(ct); }
        catch (JsonException e) { throw new HttpRequestException("The answer is not JSON.", e); }
    }

    private async Task<string> TokenAsync(CancellationToken ct)
    {
        if (token.Value is { } valid && DateTimeOffset.UtcNow < token.Until) return valid;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "bank",
            ["client_secret"] = configuration["Machines:bank:Secret"] ?? throw new InvalidOperationException("Machines:bank:Secret is not set."),
        });
        using var response = await http.PostAsync("/connect/token", form, ct);
        var body = await BodyAsync(response.EnsureSuccessStatusCode(), ct);
        token.Until = DateTimeOffset.UtcNow.AddSeconds(body.GetProperty("expires_in").GetInt32()) - Margin;
        return token.Value = body.GetProperty("access_token").GetString()!;
    }

    private static string? Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record ClockAnswer(DateTimeOffset Now);
}
