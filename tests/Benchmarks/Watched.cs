using System.Globalization;

namespace Tendering.Benchmarks;

/// <summary>What the system's programs and servers use, from /proc, where the local run recorded their processes.</summary>
internal static class Watched
{
    private static readonly string[] Programs = ["gateway", "all-in-one", "bidding"], Servers = ["postgres", "rabbit"];

    // Processor time in a second; the clocks, relays and watchers of a system that nobody calls take a third of it.
    private const int RestMilliseconds = 150, QuietSeconds = 3;

    private static string Folder => Path.Combine(Environment.GetEnvironmentVariable("TENDERING_RUN")!, "pid");

    private static string PidOf(string name) => File.ReadAllText(Path.Combine(Folder, name)).Split(' ')[0];

    /// <summary>MiB that each program holds, or held at most.</summary>
    public static Dictionary<string, double> Memory(bool peak = false) => Programs.Where(n => File.Exists(Path.Combine(Folder, n))).ToDictionary(name => name, name =>
        long.Parse(File.ReadLines($"/proc/{PidOf(name)}/status").Single(l => l.StartsWith(peak ? "VmHWM:" : "VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0);

    /// <summary>Processor time in milliseconds that each program and server has used with its children, and this program.</summary>
    public static Dictionary<string, double> Cpu()
    {
        // Fields after the program's name in parentheses: state, parent, …, the 12th and 13th are user and system time in ticks of 10 ms.
        var all = Directory.EnumerateDirectories("/proc").Select(d => Path.GetFileName(d)).Where(d => char.IsAsciiDigit(d[0])).Select(pid => (Pid: pid, Stat: TryRead($"/proc/{pid}/stat")))
            .Where(p => p.Stat is not null).Select(p => (p.Pid, Fields: p.Stat![(p.Stat!.LastIndexOf(')') + 2)..].Split(' '))).ToList();
        double Of(string root) => all.Where(p => p.Pid == root || p.Fields[1] == root).Sum(p => 10.0 * (long.Parse(p.Fields[11], CultureInfo.InvariantCulture) + long.Parse(p.Fields[12], CultureInfo.InvariantCulture)))
            + all.Where(p => p.Pid == root).Sum(p => 10.0 * (long.Parse(p.Fields[13], CultureInfo.InvariantCulture) + long.Parse(p.Fields[14], CultureInfo.InvariantCulture)));
        var used = Programs.Concat(Servers).Where(n => File.Exists(Path.Combine(Folder, n))).ToDictionary(n => n, n => Of(PidOf(n)));
        used["client"] = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        return used;
    }

    /// <summary>Waits until the system has rested for some seconds: what one part of a measurement left behind is no part of the next.</summary>
    public static async Task RestAsync(int secondsMax = 180)
    {
        for (var (second, quiet, before) = (0, 0, Cpu()); second < secondsMax; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var now = Cpu();
            quiet = now.Sum(c => c.Value - before[c.Key]) is >= 0 and < RestMilliseconds ? quiet + 1 : 0;
            if (quiet == QuietSeconds) return;
            before = now;
        }
        Console.WriteLine($"  it does not rest after {secondsMax} s: measuring all the same");
    }

    private static string? TryRead(string path)
    {
        try { return File.ReadAllText(path); }
        catch (IOException) { return null; }
    }
}
