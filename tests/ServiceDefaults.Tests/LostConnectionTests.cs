using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

/// <summary>The way to the database is cut again and again, at any byte of the conversation: callers are told to repeat, and what they repeat happens once.</summary>
public class LostConnectionTests(ITestOutputHelper output)
{
    private const int Callers = 8, CallsEach = 40, AttemptsMax = 500;

    [Fact]
    public async Task A_connection_that_is_cut_at_any_moment_is_answered_with_unavailable_and_never_with_a_fault()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        await using var way = new Way(new NpgsqlConnectionStringBuilder(Servers.Postgres));
        await using var host = new NotesHost { Configure = c => Through(way, c) };
        await host.InitializeAsync();
        using var done = new CancellationTokenSource();
        var cutting = way.CutAtRandomAsync(new Random(seed), done.Token);
        var answers = new ConcurrentBag<(HttpStatusCode Status, string? Code)>();

        var texts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            var (caller, mine) = (host.As("agency"), new List<string>());
            for (var i = 0; i < CallsEach; i++)
            {
                var (text, key) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
                mine.Add(text);
                for (var attempt = 1; ; attempt++)
                {
                    var answer = await caller.PostAsync("/api/notes/notes", new NotesService.Request(text, 1), key);
                    if (answer.StatusCode == HttpStatusCode.Created) break;
                    answers.Add((answer.StatusCode, await answer.CodeAsync()));
                    Assert.True(attempt < AttemptsMax, "It never came back.");
                }
            }
            return mine;
        }));

        await done.CancelAsync();
        await cutting;
        output.WriteLine($"{way.Cuts} cuts, {answers.Count} answers to repeat");
        Assert.NotEmpty(answers);
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), a));
        var stored = await StoredAsync(host);
        Assert.Equal(texts.SelectMany(t => t).Order(), stored.Order());
    }

    // The pool still holds connections that were cut while they lay idle: each is found out by the one command that takes it.
    private static async Task<List<string>> StoredAsync(NotesHost host)
    {
        List<string> stored = [];
        await ServiceFixture.EventuallyAsync(async () =>
        {
            stored = await host.InDbAsync<NotesDb, List<string>>(db => db.Notes.Select(n => n.Text).ToListAsync());
            return true;
        }, "the notes");
        return stored;
    }

    private static void Through(Way way, IConfigurationBuilder configuration)
    {
        const string Key = $"ConnectionStrings:{NotesService.Name}";
        var direct = new NpgsqlConnectionStringBuilder(((IConfigurationRoot)configuration)[Key]);
        configuration.AddInMemoryCollection(new Dictionary<string, string?> { [Key] = new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Host = "127.0.0.1", Port = way.Port }.ConnectionString });
    }

    /// <summary>A way to the server that can be cut.</summary>
    private sealed class Way : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly NpgsqlConnectionStringBuilder _server;
        private readonly ConcurrentDictionary<TcpClient, bool> _open = [];
        private readonly Task _accepting;
        private volatile bool _closed;

        public Way(NpgsqlConnectionStringBuilder server)
        {
            _server = server;
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
        public int Cuts { get; private set; }

        public async Task CutAtRandomAsync(Random random, CancellationToken ct)
        {
            while (!ct.IsCancellationRequested)
            {
                await Task.Delay(random.Next(20, 250), CancellationToken.None);
                // As a crash does: all at once, and for a moment nobody answers.
                _closed = random.Next(3) == 0;
                foreach (var client in _open.Keys) Cut(client, reset: random.Next(2) == 0);
                Cuts++;
                if (_closed) await Task.Delay(random.Next(1, 20), CancellationToken.None);
                _closed = false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _accepting;
        }

        private static void Cut(TcpClient client, bool reset)
        {
            try { if (client.Client is { } socket) socket.LingerState = new LingerOption(reset, 0); }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
            client.Close();
        }

        private async Task AcceptAsync()
        {
            while (true)
            {
                TcpClient client;
                try { client = await _listener.AcceptTcpClientAsync(); }
                catch (Exception e) when (e is SocketException or ObjectDisposedException) { return; }
                if (_closed) client.Close();
                else _ = CarryAsync(client);
            }
        }

        private async Task CarryAsync(TcpClient client)
        {
            using var server = new TcpClient { NoDelay = true };
            client.NoDelay = true;
            _open[client] = true;
            try
            {
                await server.ConnectAsync(_server.Host!, _server.Port);
                await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(client.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException) { }
            finally { _open.TryRemove(client, out _); client.Close(); }
        }
    }
}
