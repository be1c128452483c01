using System.Diagnostics;
using System.Text;
using Tendering.Replay.Client;
using Tendering.Testing;

namespace Tendering.Scenarios;

/// <summary>A whole system of its own, started as a user starts it: private servers, all services, gateway, bank. Scenarios share one and run one after the other.</summary>
public sealed class LocalSystem : IAsyncLifetime
{
    private readonly Dictionary<string, string> _settings = [];

    public static string Root { get; } = FindRoot();
    public static string RunFolder { get; } = Path.Combine(Root, ".run", "test", "scenarios");

    public Uri Gateway => new(_settings["Gateway__Url"].TrimEnd('/') + "/");
    public Uri Bank => new(_settings["Bank__Url"].TrimEnd('/') + "/");
    public string this[string name] => _settings[name];
    public bool Has(string name) => _settings.ContainsKey(name);

    public async ValueTask InitializeAsync()
    {
        var (code, output) = await ShellAsync(["deploy/local/start.sh"]);
        Assert.True(code == 0, output);
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(RunFolder, "env")))
            if (line.StartsWith("export ", StringComparison.Ordinal) && line.Split('=', 2) is [var name, var value]) _settings[name["export ".Length..].Trim()] = value.Trim().Trim('\'');
    }

    public async ValueTask DisposeAsync() => await ShellAsync(["deploy/local/stop.sh"]);

    public Task<Market> EnterMarketAsync() => Market.EnterAsync(Gateway, Bank, "Tendering-dev-2026!", TestContext.Current.CancellationToken);

    /// <summary>Runs the replay program as the Makefile does.</summary>
    public static Task<(int Code, string Output)> ReplayAsync(params string[] arguments) => ShellAsync(["deploy/local/with.sh", "Replay", .. arguments]);

    public static async Task<(int Code, string Output)> ShellAsync(string[] command)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command) start.ArgumentList.Add(argument);
        start.Environment["TENDERING_RUN"] = RunFolder;
        // The servers of this system are its own: some scenarios kill them.
        foreach (var foreign in new[] { "TENDERING_POSTGRES", "TENDERING_RABBIT" }) start.Environment.Remove(foreign);
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, e) => { if (e.Data is not null) lock (output) output.AppendLine(e.Data); };
        process.ErrorDataReceived += (_, e) => { if (e.Data is not null) lock (output) output.AppendLine(e.Data); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        lock (output) return (process.ExitCode, output.ToString());
    }

    public static string Auctions() => Servers.Shared("data/tsuchiura/auctions.csv");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new InvalidOperationException("The scenarios run from a checkout.");
    }
}

[CollectionDefinition(nameof(LocalSystem), DisableParallelization = true)]
public sealed class LocalSystemCollection : ICollectionFixture<LocalSystem>;
