using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tendering.Gateway.Tests;

public class JoinedWritesTests(ITestOutputHelper output)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_head_waits_for_its_short_body_and_both_leave_at_once()
    {
        using var line = await Line.OpenAsync();
        await line.HoldsAsync(Head(5));
        await line.HoldsAsync("ab");
        await line.PassesAsync("cde", Head(5) + "abcde");
        await line.HoldsAsync(Head(1));
        await line.PassesAsync("x", Head(1) + "x");
    }

    [Fact]
    public async Task No_way_to_write_overtakes_what_is_held()
    {
        using var line = await Line.OpenAsync();
        await line.HoldsAsync(Head(3));
        Assert.Throws<NotSupportedException>(() => line.Near.Write([1], 0, 1));
        Assert.Throws<NotSupportedException>(() => line.Near.Write([1]));
#pragma warning disable CA1835
        await line.Near.WriteAsync("-abc-"u8.ToArray(), 1, 3, Ct);
#pragma warning restore CA1835
        await line.ArrivesAsync(Head(3) + "abc");
    }

    [Fact]
    public async Task What_has_no_body_to_wait_for_leaves_at_once()
    {
        using var line = await Line.OpenAsync();
        foreach (var whole in new[] { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Head(0), Head(3) + "abc" }) await line.PassesAsync(whole);
    }

    [Fact]
    public async Task A_long_body_passes_as_it_comes_to_its_last_byte()
    {
        using var line = await Line.OpenAsync();
        foreach (var part in new[] { Head(JoinedWrites.Max + 100), new string('x', JoinedWrites.Max), new string('y', 50), new string('z', 50) }) await line.PassesAsync(part);
    }

    [Fact]
    public async Task What_came_of_an_upload_before_its_line_broke_has_left()
    {
        using var line = await Line.OpenAsync();
        foreach (var part in new[] { Head(1_000, "application/offset+octet-stream"), new string('x', 500) }) await line.PassesAsync(part);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n"), InlineData("Expect: 100-continue\r\nContent-Length: 5\r\n"), InlineData("Upgrade: websocket\r\nContent-Length: 5\r\n")]
    public async Task What_cannot_be_followed_passes_as_it_comes(string headers)
    {
        using var line = await Line.OpenAsync();
        foreach (var part in new[] { $"POST / HTTP/1.1\r\nContent-Type: application/json\r\n{headers}\r\n", "5\r\nabcde\r\n", Head(5) }) await line.PassesAsync(part);
    }

    [Fact]
    public async Task A_body_that_looks_like_a_head_is_a_body()
    {
        using var line = await Line.OpenAsync();
        var disguised = Head(100);
        foreach (var part in new[] { Head(JoinedWrites.Max + disguised.Length), new string('x', JoinedWrites.Max), disguised }) await line.PassesAsync(part);
        await line.HoldsAsync(Head(1));
    }

    [Fact]
    public async Task Calls_of_any_length_in_any_pieces_arrive_unchanged_and_nothing_stays_behind()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var line = await Line.OpenAsync();
        for (var n = 0; n < 500; n++)
        {
            var body = new string((char)random.Next('a', 'z'), random.Next(3) == 0 ? random.Next(2 * JoinedWrites.Max) : random.Next(300));
            var (head, cuts) = (Head(body.Length), Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(body.Length + 1)).Order().ToList());
            // The client may put the body's beginning behind the head at once.
            var pieces = cuts.Prepend(0).Zip(cuts.Append(body.Length), (from, to) => body[from..to]).Where(p => p.Length > 0).ToList();
            if (pieces.Count > 0 && random.Next(2) == 0) (head, pieces) = (head + pieces[0], pieces[1..]);
            foreach (var piece in pieces.Prepend(head)) await line.WriteAsync(piece);
            await line.ArrivesAsync(Head(body.Length) + body);
        }
    }

    [Fact]
    public async Task Through_the_gateway_every_length_arrives()
    {
        await using var door = await Door.OpenAsync();
        using var browser = door.Browser();
        foreach (var length in new[] { 0, 1, 3_000, 5_000, JoinedWrites.Max - 1, JoinedWrites.Max, 100_000, 2 })
        {
            var answer = await browser.SendAsync(HttpMethod.Post, "/api/bidding/lots/1/bids", new StringContent(new string('b', length), Encoding.UTF8, "application/json"), ("X-Tendering-Csrf", "1"));
            Assert.Equal((HttpStatusCode.OK, length), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("length").GetInt32()));
        }
    }

    private static string Head(int length, string type = "application/json; charset=utf-8") => $"POST /api HTTP/1.1\r\nHost: a\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n";

    private sealed class Line(JoinedWrites near, Socket far) : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        public JoinedWrites Near => near;

        public static async Task<Line> OpenAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Ct);
            return new Line(new JoinedWrites(socket), await listener.AcceptSocketAsync(Ct));
        }

        public async Task WriteAsync(string text) => await near.WriteAsync(Encoding.ASCII.GetBytes(text), Ct);

        public async Task ArrivesAsync(string text)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            patience.CancelAfter(Patience);
            var bytes = new byte[text.Length];
            for (var received = 0; received < bytes.Length;) received += await far.ReceiveAsync(bytes.AsMemory(received), patience.Token);
            Assert.Equal(text, Encoding.ASCII.GetString(bytes));
            Assert.Equal(0, far.Available);
        }

        /// <summary>After this, what was to come (this, or all that was held with it) has come.</summary>
        public async Task PassesAsync(string text, string? arrives = null)
        {
            await WriteAsync(text);
            await ArrivesAsync(arrives ?? text);
        }

        public async Task HoldsAsync(string text)
        {
            await WriteAsync(text);
            Assert.Equal(0, far.Available);
        }

        public void Dispose()
        {
            near.Dispose();
            far.Dispose();
        }
    }
}
