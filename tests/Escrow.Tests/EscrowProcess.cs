using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests;

/// <summary>Escrow as a process of its own, that can be killed without a word, on a database that outlives it.</summary>
public sealed class EscrowProcess(string connection, string authority = "http://127.0.0.1:1", bool ownsDatabase = true) : IAsyncDisposable
{
    private readonly string _run = Guid.NewGuid().ToString("N")[..12];
    private Process? _process;

    public string ConnectionString { get; } = connection;
    public Uri? Address { get; private set; }

    /// <summary>A database that is migrated and has no process yet.</summary>
    public static async Task<EscrowProcess> PrepareAsync()
    {
        var connection = Servers.ConnectionOf(EscrowService.Name, Guid.NewGuid().ToString("N")[..12]);
        await Migrator.MigrateAsync(Servers.Postgres, connection, typeof(EscrowDb).Assembly, default);
        return new EscrowProcess(connection);
    }

    public async Task StartAsync()
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", Path.Combine(AppContext.BaseDirectory, "Tendering.Escrow.dll") }) start.ArgumentList.Add(argument);
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development", ["urls"] = $"http://127.0.0.1:{port}", ["ConnectionStrings__escrow"] = ConnectionString, ["TENDERING_RABBIT"] = Servers.Rabbit, ["Bus__Prefix"] = "t" + _run,
            ["Keys__Master"] = Convert.ToBase64String(SHA256.HashData("escrow tests"u8)), ["Storage__Folder"] = Path.GetTempPath(), ["Identity__Authority"] = authority, ["Logging__LogLevel__Default"] = "Warning",
        }) start.Environment[key] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Address = new Uri($"http://127.0.0.1:{port}");
        using var http = new HttpClient { BaseAddress = Address };
        await ServiceFixture.EventuallyAsync(async () =>
        {
            Assert.False(_process.HasExited, "the process ended at its start");
            try { return (await http.GetAsync("/health/live")).IsSuccessStatusCode; }
            catch (HttpRequestException) { return false; }
        }, "the process to live");
    }

    /// <summary>SIGKILL: nothing is finished, flushed or said.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        await DeleteQueuesAsync();
        if (ownsDatabase) await Servers.DropAsync(ConnectionString);
    }

    private async Task DeleteQueuesAsync()
    {
        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(Servers.Rabbit) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var prefix = "t" + _run;
        foreach (var queue in new[] { $"{prefix}.escrow", $"{prefix}.escrow.replay", $"{prefix}.escrow.unreadable" }) await channel.QueueDeleteAsync(queue, false, false);
        await channel.ExchangeDeleteAsync($"{prefix}.events");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
