using System.Security.Cryptography.X509Certificates;
using Tendering.Protocols;

namespace Tendering.Verify;

/// <summary>The words of a call: what is to be checked, and options; each option is asked for, so that one that nobody understands is told.</summary>
public sealed class Arguments
{
    private static readonly HashSet<string> Switches = ["--json", "--new-only", "--quiet"];
    private readonly Dictionary<string, List<string>> _options = [];
    private readonly List<string> _words = [];
    private readonly HashSet<string> _asked = [];

    public Arguments(IEnumerable<string> args)
    {
        using var words = args.GetEnumerator();
        while (words.MoveNext())
        {
            var word = words.Current;
            if (!word.StartsWith("--", StringComparison.Ordinal)) _words.Add(word);
            else if (Switches.Contains(word)) Put(word, "yes");
            else if (word.IndexOf('=', StringComparison.Ordinal) is var at and > 0) Put(word[..at], word[(at + 1)..]);
            else Put(word, words.MoveNext() ? words.Current : throw new UsageException($"{word} needs a value."));
        }
    }

    public bool Json => Has("--json");

    public bool ShowProgress => !Has("--quiet") && !Json && !Console.IsErrorRedirected;

    public bool Has(string option) => Values(option).Count > 0;

    public string? Value(string option) => Values(option) is { Count: > 0 } values ? values.Count == 1 ? values[0] : throw new UsageException($"{option} is given more than once.") : null;

    /// <summary>The words that are no options: at least the first <paramref name="least"/> of these.</summary>
    public string[] Words(int least, int most) => _words.Count >= least && _words.Count <= most ? [.. _words] : throw new UsageException(_words.Count < least ? "Something is missing." : $"'{_words[most]}' is too much.");

    /// <summary>Fails if there is an option that nothing has asked for.</summary>
    public void RefuseOthers()
    {
        if (_options.Keys.FirstOrDefault(option => !_asked.Contains(option)) is { } unknown) throw new UsageException($"There is no option {unknown} here.");
    }

    /// <summary>The keys that one was told: a file in the form of C2SP tlog-policy, or single keys. Null: none.</summary>
    public LogPolicy? Policy()
    {
        var (file, log, witnesses, needed) = (Value("--policy"), Value("--log-key"), Values("--witness-key"), Value("--witnesses-needed"));
        try
        {
            if (file is not null) return log is null && witnesses.Count == 0 && needed is null ? LogPolicy.Parse(Text(file)) : throw new UsageException("Either --policy or --log-key, not both.");
            if (log is null) return witnesses.Count == 0 && needed is null ? null : throw new UsageException("Witnesses without --log-key mean nothing.");
            var count = needed is null ? witnesses.Count : int.TryParse(needed, out var number) && number >= 0 && number <= witnesses.Count ? number : throw new UsageException("--witnesses-needed is a number, at most that of --witness-key.");
            return LogPolicy.Of(Key(log), [.. witnesses.Select(Key)], count);
        }
        catch (LogFormatException e) { throw new UsageException(e.Message); }
    }

    /// <summary>Certificates in PEM, or null.</summary>
    public X509Certificate2Collection? Certificates(string option)
    {
        if (Value(option) is not { } file) return null;
        var certificates = new X509Certificate2Collection();
        try { certificates.ImportFromPem(Text(file)); }
        catch (System.Security.Cryptography.CryptographicException e) { throw new UsageException($"'{file}' holds no certificates: {e.Message}"); }
        return certificates.Count > 0 ? certificates : throw new UsageException($"'{file}' holds no certificates.");
    }

    public static string Text(string file) => System.Text.Encoding.UTF8.GetString(Bytes(file));

    public static byte[] Bytes(string file)
    {
        try { return File.ReadAllBytes(file); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageException($"'{file}' cannot be read: {e.Message}"); }
    }

    // A key, or a file that holds it.
    private static NoteKey Key(string text) => NoteKey.TryParse(text) ?? (File.Exists(text) ? NoteKey.TryParse(Text(text).Trim()) : null) ?? throw new UsageException($"'{text}' is no verifier key of the form name+id+base64.");

    private List<string> Values(string option)
    {
        _asked.Add(option);
        return _options.GetValueOrDefault(option) ?? [];
    }

    private void Put(string option, string value)
    {
        if (!_options.TryGetValue(option, out var values)) _options.Add(option, values = []);
        values.Add(value);
    }
}
