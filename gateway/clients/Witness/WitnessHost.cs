using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>A witness: takes checkpoints from the logs that it watches, cosigns what has only grown, and keeps what speaks against a log. It runs elsewhere than the log, by somebody else.</summary>
public static class WitnessHost
{
    /// <summary>What a monitor may ask: the last of each log that was cosigned, and what was found against it.</summary>
    public sealed record View(string Name, string Key, LogView[] Logs, IReadOnlyList<string> Evidence);
    public sealed record LogView(string Origin, string Key, long Size, string? Checkpoint);

    public static WebApplication Build(string[] args, Action<IConfigurationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        configure?.Invoke(builder.Configuration);
        // Twice a second and log: a line for each call would bury the one that matters.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = WitnessRequest.BytesMax + 1);
        var settings = WitnessSettings.From(builder.Configuration);
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System).AddSingleton<Witnessing>();
        builder.Services.AddSingleton(_ => WitnessIdentity.Open(settings));
        builder.Services.AddProblemDetails();

        var app = builder.Build();
        // Opened at the start and not by the first request: a witness with damaged files does not come up.
        app.Services.GetRequiredService<Witnessing>();
        app.UseExceptionHandler();
        AddCheckpoint.Map(app);
        app.MapGet("/", (Witnessing witnessing) => TypedResults.Ok(ViewOf(witnessing)));
        app.MapGet("/key", (Witnessing witnessing) => TypedResults.Text(witnessing.Key + "\n"));
        app.MapGet("/evidence/{name}", Evidence);
        app.MapGet("/health/live", () => TypedResults.Ok());
        app.MapGet("/health/ready", () => TypedResults.Ok());
        return app;
    }

    private static View ViewOf(Witnessing witnessing) => new(
        witnessing.Key.Name, witnessing.Key.ToString(),
        [.. witnessing.Logs.OrderBy(log => log.Key.Name, StringComparer.Ordinal).Select(log => new LogView(log.Key.Name, log.Key.ToString(), log.Last.Checkpoint?.Size ?? 0, log.Last.Note?.ToString()))],
        Witness.Evidence.ListOf(witnessing.EvidenceFolder));

    // Only names that are listed, so that no path leads elsewhere.
    private static IResult Evidence(string name, Witnessing witnessing) => Witness.Evidence.ListOf(witnessing.EvidenceFolder).Contains(name)
        ? TypedResults.PhysicalFile(Path.Combine(witnessing.EvidenceFolder, name), "application/json")
        : TypedResults.NotFound();
}
