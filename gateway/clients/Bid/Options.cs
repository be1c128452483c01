using System.Globalization;

namespace Tendering.Bid;

/// <summary>What stands on the command line: pairs of a name and a value, and two switches. Never a secret: other users of the machine see it.</summary>
internal sealed class Options
{
    public static readonly string[] Common = ["--gateway URL", "--user NAME", "--client-id ID", "--env-file FILE", "--secrets-stdin", "--json", "--patience SECONDS"];

    private const int PatienceMaxSeconds = 24 * 60 * 60;
    private static readonly string[] Switches = ["--json", "--secrets-stdin"];
    private static readonly string[] CommonNames = [.. Common.Select(c => c.Split(' ')[0])];
    private static readonly string[] SecretWords = ["password", "passphrase", "secret", "token"];

    private readonly Dictionary<string, string> _values = [];

    public static Options Parse(string[] args, Command command)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i];
            if (!command.Required.Concat(command.Optional).Concat(CommonNames).Contains(name)) throw new UsageException(Unknown(name, command));
            var value = Switches.Contains(name) ? "" : i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : throw new UsageException($"{name} needs a value.");
            if (!options._values.TryAdd(name, value)) throw new UsageException($"{name} is given twice.");
        }
        var missing = command.Required.Where(r => !options._values.ContainsKey(r)).ToArray();
        return missing.Length == 0 ? options : throw new UsageException($"'bid {command.Name}' also needs {string.Join(", ", missing)}.");
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public string Get(string name) => _values[name];

    public Guid Id(string name) => Guid.TryParseExact(Get(name), "D", out var id) && id != Guid.Empty ? id : throw new UsageException($"{name} is '{Get(name)}'; it must be an id like 0198a000-0000-7000-8000-000000000001.");

    public int? Number(string name, int max = int.MaxValue) =>
        Find(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1 && n <= max ? n : throw new UsageException($"{name} is '{text}'; it must be a number from 1 to {max}.");

    public Uri Address(string name, string? otherwise) =>
        Uri.TryCreate((Find(name) ?? otherwise)?.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo == "" ? uri
            : throw new UsageException($"{name} is missing or no address: say where the platform is, such as https://bids.example.org.");

    /// <summary>For how long a call that finds nobody is repeated.</summary>
    public TimeSpan? Patience => Number("--patience", PatienceMaxSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    // A mistaken secret is not repeated on the screen, where it may be kept.
    private static string Unknown(string name, Command command) =>
        SecretWords.Any(w => name.Contains(w, StringComparison.OrdinalIgnoreCase)) ? "Secrets do not stand on the command line, where every user of this machine sees them: 'bid help' says how they are given."
        : name.StartsWith("--", StringComparison.Ordinal) ? $"'bid {command.Name}' knows no {name.Split('=')[0]}." : $"'bid {command.Name}' takes options only; one value stands alone.";
}
