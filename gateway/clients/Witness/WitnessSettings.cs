using Tendering.Protocols;

namespace Tendering.Witness;

/// <summary>What a witness is told: its own name, where it keeps what it has seen, and the logs that it watches.</summary>
public sealed record WitnessSettings(string Name, string Folder, IReadOnlyList<WatchedLog> Logs)
{
    public static WitnessSettings From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Witness");
        var name = section["Name"] is { } text && NoteKey.IsName(text) ? text : throw Unset("Witness:Name", "a name without spaces and plus signs, such as witness.example.org");
        var folder = section["Folder"] is { Length: > 0 } path ? Path.GetFullPath(path) : throw Unset("Witness:Folder", "a folder that nobody else writes to");
        return new WitnessSettings(name, folder, [.. section.GetSection("Logs").GetChildren().Select(WatchedLog.From)]);
    }

    internal static InvalidOperationException Unset(string setting, string wanted) => new($"{setting} is not set to {wanted}.");
}

/// <summary>A log by its key, or by the address from which its key is taken the first time and then kept for ever.</summary>
public sealed record WatchedLog(NoteKey? Key, Uri? KeyUrl)
{
    internal static WatchedLog From(IConfigurationSection section) => (section["Key"], section["KeyUrl"]) switch
    {
        ({ Length: > 0 } key, null or "") when NoteKey.TryParse(key) is { Kind: NoteKeyKind.Ecdsa } log => new WatchedLog(log, null),
        (null or "", { Length: > 0 } url) when Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" => new WatchedLog(null, address),
        _ => throw WitnessSettings.Unset(section.Path, "either Key, a log's verifier key, or KeyUrl, an http or https address that gives it"),
    };
}
