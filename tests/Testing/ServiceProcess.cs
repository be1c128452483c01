using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using Tendering.ServiceDefaults;
using Xunit;

namespace Tendering.Testing;

/// <summary>A service as a process of its own, that can be killed without a word, on a database and a store that outlive it. Its tokens come from <paramref name="authority"/>, nobody unless given.</summary>
public class ServiceProcess(string service, Assembly program, string connection, string? authority = null, bool ownsDatabase = true) : IAsyncDisposable
{
    private readonly string _run = Guid.NewGuid().ToString("N")[..12];
    private Process? _process;

    public string ConnectionString { get; } = connection;
    public Uri? Address { get; private set; }

    /// <summary>Where the process stores large content.</summary>
    public string Folder => Path.Combine(Path.GetTempPath(), "tendering-" + _run);

    /// <summary>A database that is migrated; its connection.</summary>
    public static async Task<string> MigratedAsync(string service, Assembly program)
    {
        var connection = Servers.ConnectionOf(service, Guid.NewGuid().ToString("N")[..12]);
        await Migrator.MigrateAsync(Servers.Postgres, connection, program, default);
        return connection;
    }

    public async Task StartAsync()
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", Path.Combine(AppContext.BaseDirectory, program.GetName().Name + ".dll") }) start.ArgumentList.Add(argument);
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development", ["urls"] = $"http://127.0.0.1:{port}", [$"ConnectionStrings__{service}"] = ConnectionString, ["TENDERING_RABBIT"] = Servers.Rabbit, ["Bus__Prefix"] = "t" + _run,
            ["Keys__Master"] = Convert.ToBase64String(SHA256.HashData("tests"u8)), ["Storage__Folder"] = Folder, ["Identity__Authority"] = authority ?? "http://127.0.0.1:1", ["Logging__LogLevel__Default"] = "Warning",
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
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        if (ownsDatabase) await Servers.DropAsync(ConnectionString);
        GC.SuppressFinalize(this);
    }

    private async Task DeleteQueuesAsync()
    {
        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(Servers.Rabbit) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var prefix = "t" + _run;
        foreach (var queue in new[] { $"{prefix}.{service}", $"{prefix}.{service}.replay", $"{prefix}.{service}.unreadable" }) await channel.QueueDeleteAsync(queue, false, false);
        await channel.ExchangeDeleteAsync($"{prefix}.events");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
