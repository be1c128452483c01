namespace Tendering.Gateway;

/// <summary>The gateway is ready when every service is.</summary>
public sealed class Readiness(Destinations destinations) : IDisposable
{
    private static readonly TimeSpan AskedAgainAfter = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly SemaphoreSlim _turn = new(1);
    private (string[] Missing, long At)? _last;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => TypedResults.Text("Healthy"));
        app.MapGet("/health/ready", async (Readiness readiness, HttpContext http) =>
        {
            if (await readiness.MissingAsync() is not { Length: > 0 } missing) return TypedResults.Text("Healthy");
            http.Response.Headers.RetryAfter = "1";
            return TypedResults.Text($"Waiting for {string.Join(", ", missing)}", statusCode: 503);
        });
    }

    // However often it is asked, services are asked once a second.
    private async Task<string[]> MissingAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_last is { } last && TimeProvider.System.GetElapsedTime(last.At) < AskedAgainAfter) return last.Missing;
            var asked = await Task.WhenAll(destinations.All.GroupBy(d => d.Address).Select(async d => (d.First().Name, Ready: await IsReadyAsync(d.Key))));
            string[] missing = [.. asked.Where(a => !a.Ready).Select(a => a.Name)];
            _last = (missing, TimeProvider.System.GetTimestamp());
            return missing;
        }
        finally { _turn.Release(); }
    }

    private async Task<bool> IsReadyAsync(Uri address)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(address, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { return false; }
    }

    public void Dispose()
    {
        _http.Dispose();
        _turn.Dispose();
    }
}
