using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

/// <summary>The service reaches the broker through a line that the test cuts.</summary>
public sealed class BusTests : IAsyncLifetime
{
    private readonly CuttableLine _line = new(new Uri(Servers.Rabbit));
    private readonly NotesHost _host;

    public BusTests() => _host = new NotesHost { Configure = c => c.AddInMemoryCollection(new Dictionary<string, string?> { ["TENDERING_RABBIT"] = _line.Url }) };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _line.Dispose();
    }

    [Fact]
    public async Task A_connection_that_is_cut_again_and_again_loses_nothing_and_repeats_have_no_effect()
    {
        var tender = Guid.CreateVersion7();
        await _host.ListensAsync();
        var publishing = _host.PublishAsync(Enumerable.Range(1, 300).Select(n => new NoteTaken(tender, n)));
        for (var cut = 1; cut <= 4; cut++)
        {
            await _host.EffectsAsync(tender, cut * 40);
            _line.Cut();
        }
        await publishing;
        Assert.Equal(Enumerable.Range(1, 300), await _host.EffectsAsync(tender, 300));
        await _host.AllPublishedAsync();
        Assert.Equal(Enumerable.Range(1, 300).Select(n => (long?)n), await _host.SequencesAsync());
        Assert.Equal(300, (await _host.EffectsAsync(tender)).Count);
        Assert.True(_line.Cuts >= 4);
    }

    [Fact]
    public async Task A_service_is_not_ready_without_the_broker_and_takes_writes_all_the_same()
    {
        await _host.ListensAsync();
        _line.Refuse = true;
        _line.Cut();
        await ServiceFixture.EventuallyAsync(async () => (await _host.Public().GetAsync("/health/ready")).StatusCode == HttpStatusCode.ServiceUnavailable);
        var answer = await _host.Public().PostAsync("/api/notes/notes", new NotesService.Request("kept", 1));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        _line.Refuse = false;
        await ServiceFixture.EventuallyAsync(async () => (await _host.Public().GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK);
        await _host.AllPublishedAsync();
    }
}

/// <summary>Passes octets between a client and the broker until it is cut.</summary>
public sealed class CuttableLine : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _broker;
    private readonly List<TcpClient> _open = [];

    public CuttableLine(Uri broker)
    {
        _broker = broker;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => new UriBuilder(_broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri.ToString();
    public int Cuts { get; private set; }
    public bool Refuse { get; set; }

    public void Cut()
    {
        lock (_open)
        {
            foreach (var client in _open) client.Dispose();
            if (_open.Count > 0) Cuts++;
            _open.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                if (Refuse) { client.Dispose(); continue; }
                var server = new TcpClient();
                await server.ConnectAsync(_broker.Host, _broker.Port);
                lock (_open) _open.AddRange([client, server]);
                _ = PassAsync(client, server);
                _ = PassAsync(server, client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException) { /* the line is taken down */ }
    }

    private static async Task PassAsync(TcpClient from, TcpClient to)
    {
        try { await from.GetStream().CopyToAsync(to.GetStream()); }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException) { /* cut */ }
        from.Dispose();
        to.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }
}
