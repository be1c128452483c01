using System.Globalization;
using Tendering.Replay;
using Tendering.Replay.Auctions;
using Tendering.Replay.Client;
using Tendering.Replay.Playing;

// Drives a system through its public face: plays past auctions, a narrated demonstration, or auctions while parts are killed.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
try
{
    return args switch
    {
        ["replay", var file, .. var options] => await Replays.RunAsync(file, Options.Parse(options), null, stop.Token),
        ["chaos", .. var options] => await Chaos.RunAsync(Options.Parse(options), stop.Token),
        ["demo", .. var options] => await Demo.RunAsync(Options.Parse(options), stop.Token),
        _ => Usage(),
    };
}
catch (ArgumentException e) { await Console.Error.WriteLineAsync(e.Message); return 2; }
catch (OperationCanceledException) { await Console.Error.WriteLineAsync("Stopped."); return 130; }
catch (Exception e) when (e is RefusedException or TimeoutException or HttpRequestException) { await Console.Error.WriteLineAsync($"The system did not go along: {e.Message}"); return 1; }

static int Usage()
{
    Console.Error.WriteLine("""
        replay FILE [--limit N] [--parallel N] [--url GATEWAY] [--bank URL]   play past auctions (docs/operations/replay.md)
        chaos [--file FILE] [--limit N]                                       the same while services, broker and database are killed
        demo [--url GATEWAY]                                                  one narrated tender
        """);
    return 2;
}

/// <summary>What the command line and the environment say.</summary>
internal sealed record Options(int? Limit, int Parallel, Uri Gateway, Uri Bank, string? File, string Password)
{
    private const int ParallelMax = 64;

    public static Options Parse(string[] options)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < options.Length; i += 2)
        {
            if (i + 1 == options.Length || options[i] is not ("--limit" or "--parallel" or "--url" or "--bank" or "--file")) throw new ArgumentException($"What is '{options[i]}'?");
            values[options[i]] = options[i + 1];
        }
        return new Options(
            values.TryGetValue("--limit", out var limit) ? Number("--limit", limit, int.MaxValue) : null,
            values.TryGetValue("--parallel", out var parallel) ? Number("--parallel", parallel, ParallelMax) : 8,
            Address("--url", values.GetValueOrDefault("--url") ?? Environment.GetEnvironmentVariable("Gateway__Url")),
            Address("--bank", values.GetValueOrDefault("--bank") ?? Environment.GetEnvironmentVariable("Bank__Url")),
            values.GetValueOrDefault("--file"),
            Environment.GetEnvironmentVariable("Development__Password") ?? "Tendering-dev-2026!");
    }

    private static int Number(string name, string text, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1 && n <= max ? n : throw new ArgumentException($"{name} is '{text}'; it must be a number from 1 to {max}.");

    private static Uri Address(string name, string? text) =>
        Uri.TryCreate(text?.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
            : throw new ArgumentException($"{name} is not given: the address of a running system (make start prints it).");
}
