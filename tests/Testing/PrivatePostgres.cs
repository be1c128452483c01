using System.Diagnostics;
using Npgsql;
using Xunit;

namespace Tendering.Testing;

/// <summary>A PostgreSQL server of the test's own, by the scripts of the local run and with fsync on: it can be killed with all its processes, and started again on its data.</summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const int NoPrograms = 77;
    private readonly string _run = Directory.CreateTempSubdirectory("tendering-server-").FullName;

    private PrivatePostgres() { }

    /// <summary>The administrator's connection; the same after every start.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Skips the test where the machine has no programs of PostgreSQL, since its servers are containers or somebody else's.</summary>
    public static async Task<PrivatePostgres> StartAsync()
    {
        var server = new PrivatePostgres();
        await server.StartAgainAsync();
        server.ConnectionString = await File.ReadAllTextAsync(Path.Combine(server._run, "url"));
        return server;
    }

    public Task StartAgainAsync() => RunAsync("""
        remember kind_postgres private; remember kind_rabbit external
        settle_addresses
        launch_server postgres
        await_server postgres
        printf '%s' "$POSTGRES_URL" > "$RUN/url"
        """);

    /// <summary>SIGKILL to the server and every process below it.</summary>
    public Task KillAsync() => RunAsync("kill_now postgres");

    /// <summary>A service's own connection to a database of its own.</summary>
    public string ConnectionOf(string database) => new NpgsqlConnectionStringBuilder(ConnectionString) { Database = database, Username = database, Password = database, MaxPoolSize = 20 }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await RunAsync("""kill_now postgres; rm -rf "$(postgres_folder)" """);
        Directory.Delete(_run, recursive: true);
    }

    private async Task RunAsync(string script)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = Root(), RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "-c", $". deploy/local/lib.sh; . deploy/local/servers.sh; lock; postgres_programs > /dev/null || exit {NoPrograms}\n{script}" }) start.ArgumentList.Add(argument);
        (start.Environment["TENDERING_RUN"], start.Environment["TENDERING_SERVERS"], start.Environment["TENDERING_FSYNC"]) = (_run, "private", "on");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode == NoPrograms) Assert.Skip("There are no programs of PostgreSQL on this machine.");
        Assert.True(process.ExitCode == 0, $"{await output}{await errors}");
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No checkout above {AppContext.BaseDirectory}.");
    }
}
