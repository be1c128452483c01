using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Tendering.Verify.Log;

/// <summary>The log itself, over HTTP.</summary>
public sealed class HttpSource : LogSource
{
    private const int TriesMax = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), PauseMax = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;

    public HttpSource(Uri prefix) => _http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Brotli })
    {
        BaseAddress = new Uri(prefix.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Patience,
    };

    public override int AtOnce => 8;

    public override async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, ct);
                if (response.StatusCode == HttpStatusCode.NotFound) return null;
                if (response.IsSuccessStatusCode)
                {
                    await using var body = await response.Content.ReadAsStreamAsync(ct);
                    return await Limited.ReadAsync(body, ct);
                }
                var patient = response.StatusCode == HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500;
                if (!patient || attempt == TriesMax) throw new UnreachableException($"{_http.BaseAddress}{path} answers {(int)response.StatusCode}.");
                await Task.Delay(PauseAfter(response, attempt), ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or TaskCanceledException)
            {
                if (attempt == TriesMax) throw new UnreachableException($"{_http.BaseAddress}{path} does not answer: {e.Message}");
                await Task.Delay(TimeSpan.FromMilliseconds(200 << attempt), ct);
            }
        }
    }

    /// <summary>The platform lists them beside the log (docs/formats/log.md); another log may not.</summary>
    public override async Task<IReadOnlyList<Stamped>> TimestampsAsync(CancellationToken ct)
    {
        var stamps = new List<Stamped>();
        for (var before = long.MaxValue; ;)
        {
            var from = before == long.MaxValue ? "" : $"?before={before.ToString(CultureInfo.InvariantCulture)}";
            if (await ReadAsync($"../api/supervision/log/timestamps{from}", ct) is not { } page) return stamps;
            try
            {
                var items = JsonSerializer.Deserialize<Listed[]>(page, JsonSerializerOptions.Web) ?? [];
                stamps.AddRange(items.Select(item => new Stamped(item.Size.ToString("D19", CultureInfo.InvariantCulture), System.Text.Encoding.UTF8.GetBytes(item.Checkpoint), Convert.FromBase64String(item.Token))));
                if (items.Length == 0) return stamps;
                // A list that does not go on would be read for ever.
                if (items[^1].Size >= before) throw new UnreachableException("The list of time-stamps does not go on where it was asked to.");
                before = items[^1].Size;
            }
            catch (Exception e) when (e is JsonException or FormatException) { throw new UnreachableException($"The list of time-stamps cannot be read: {e.Message}"); }
        }
    }

    private sealed record Listed(long Size, string Checkpoint, string Token);

    protected override void Dispose(bool disposing)
    {
        _http.Dispose();
        base.Dispose(disposing);
    }

    private static TimeSpan PauseAfter(HttpResponseMessage response, int attempt)
    {
        var asked = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromMilliseconds(200 << attempt);
        return asked < PauseMax ? asked : PauseMax;
    }
}
