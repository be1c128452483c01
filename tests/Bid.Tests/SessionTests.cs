using System.Net;
using System.Net.Sockets;
using System.Text;
using Tendering.Client;

namespace Tendering.Bid.Tests;

/// <summary>How a client behaves towards a server that falters, played word for word.</summary>
public sealed class SessionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_without_answer_is_repeated_with_the_same_idempotency_key()
    {
        await using var server = new PlayedServer(null, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Ok);
        using var session = new Session(server.Address, Patience);
        Assert.True(await session.PostAsync<bool>("api/x", new { a = 1 }, Ct));
        var keys = server.Heard.Select(h => h.Split("Idempotency-Key: ")[1].Split('\r')[0]).ToArray();
        Assert.Equal(3, keys.Length);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task A_refusal_is_not_repeated_and_keeps_its_rule_and_article()
    {
        const string problem = """{"title":"The deadline has passed.","code":"late-bid","rule":"late-bid","article":"A33"}""";
        await using var server = new PlayedServer($"HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nContent-Length: {problem.Length}\r\nConnection: close\r\n\r\n{problem}");
        using var session = new Session(server.Address, Patience);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => session.PostAsync("api/x?secret=no", new { }, Ct));
        Assert.Equal((HttpStatusCode.Conflict, "late-bid", "late-bid", "A33"), (refused.Status, refused.Code, refused.Rule, refused.Article));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.Single(server.Heard);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = new PlayedServer(Ok);
        await using var server = new PlayedServer($"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.Address}session\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await Assert.ThrowsAsync<RefusedException>(() => Session.SignInAsync(server.Address, "user", "password", Ct, Patience));
        Assert.Empty(elsewhere.Heard);
    }

    [Fact]
    public async Task Patience_ends()
    {
        using var session = new Session(new Uri("http://127.0.0.1:9/"), TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<HttpRequestException>(() => session.GetAsync<bool>("api/x", Ct));
    }

    /// <summary>Answers one connection after the other with the given texts; null hangs up instead.</summary>
    private sealed class PlayedServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _playing;

        public PlayedServer(params string?[] answers)
        {
            _listener.Start();
            _playing = PlayAsync(answers);
        }

        public List<string> Heard { get; } = [];
        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _playing;
        }

        private async Task PlayAsync(string?[] answers)
        {
            try
            {
                foreach (var answer in answers)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var stream = client.GetStream();
                    Heard.Add(await HearAsync(stream));
                    if (answer is not null) await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
        }

        // Head and body, as long as the head says or the last chunk comes.
        private static async Task<string> HearAsync(NetworkStream stream)
        {
            var (heard, buffer) = (new StringBuilder(), new byte[8192]);
            while (await stream.ReadAsync(buffer) is var read and > 0)
            {
                var text = heard.Append(Encoding.UTF8.GetString(buffer, 0, read)).ToString();
                var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (head < 0) continue;
                var length = text.Split("Content-Length: ") is [_, var rest, ..] ? int.Parse(rest.Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
                var isChunked = text.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal);
                if (isChunked ? text.EndsWith("0\r\n\r\n", StringComparison.Ordinal) : text.Length - head - 4 >= length) break;
            }
            return heard.ToString();
        }
    }
}
