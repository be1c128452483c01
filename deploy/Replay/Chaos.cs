using System.Diagnostics;

namespace Tendering.Replay;

/// <summary>
/// The command `chaos`: a replay during which services, broker and database are each killed with SIGKILL once and started again.
/// It must end as a quiet one does. For the local run only: it uses deploy/local.
/// </summary>
internal static class Chaos
{
    private const int AuctionsDefault = 20;

    // Each strike falls into the middle of a phase in which its victim has the most to lose.
    private static readonly (string Phase, int AtStep, string Victim)[] Strikes = [("bid", 25, "services"), ("bid", 60, "rabbit"), ("evaluate", 6, "postgres")];

    public static async Task<int> RunAsync(Options options, CancellationToken ct)
    {
        var strikes = new System.Collections.Concurrent.ConcurrentBag<Task>();
        var result = await Replays.RunAsync(options.File ?? FindAuctions(), options with { Limit = options.Limit ?? AuctionsDefault }, (phase, done) =>
        {
            foreach (var strike in Strikes.Where(s => s.Phase == phase && s.AtStep == done)) strikes.Add(StrikeAsync(strike.Victim, ct));
            return Task.CompletedTask;
        }, ct);
        await Task.WhenAll(strikes);
        Console.WriteLine($"CHAOS strikes={strikes.Count} result={(result == 0 ? "same" : "different")}");
        return strikes.Count == Strikes.Length ? result : 1;
    }

    private static async Task StrikeAsync(string victim, CancellationToken ct)
    {
        Console.WriteLine($"kill -9 {victim}");
        await ScriptAsync("kill.sh", victim, ct);
        await ScriptAsync("start-one.sh", victim, ct);
        Console.WriteLine($"{victim} is back");
    }

    private static async Task ScriptAsync(string script, string argument, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Root(), "deploy", "local", script), argument) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{script} {argument} ended with {process.ExitCode}.");
    }

    private static string FindAuctions()
    {
        var path = Path.Combine(Root(), "..", "shared", "data", "tsuchiura", "auctions.csv");
        return File.Exists(path) ? path : throw new ArgumentException("Say which auctions: --file FILE.");
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new ArgumentException("Chaos needs the checkout's deploy/local.");
    }
}
