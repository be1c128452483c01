using System.Text;

namespace Tendering.Bid;

/// <summary>Passphrase, password and client secret: from standard input, a private file, the environment, or asked for; never from the command line.</summary>
internal sealed class Secrets(Options options, Surroundings around)
{
    public const string Passphrase = "BID_PASSPHRASE", Password = "BID_PASSWORD", ClientSecret = "BID_CLIENT_SECRET";
    public const int PassphraseLengthMin = 12;

    private const int LinesMax = 100;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private Dictionary<string, string>? _given;

    public string Get(string name) => Find(name) ?? Ask(name);

    /// <summary>The passphrase for a key that is being made: asked for twice, and not a short one.</summary>
    public string GetNew()
    {
        var given = Find(Passphrase);
        var passphrase = given ?? Ask(Passphrase);
        if (passphrase.EnumerateRunes().Count() < PassphraseLengthMin) throw new UnfitException("passphrase-too-short", $"A passphrase has at least {PassphraseLengthMin} characters: whoever copies the file can try as many as he likes.");
        if (given is null && Ask(Passphrase, "again") != passphrase) throw new UnfitException("passphrase-differs", "The two passphrases differ.");
        return passphrase;
    }

    private string? Find(string name) => Given().GetValueOrDefault(name) ?? around.Variable(name) switch { null or "" => null, var value => value };

    private Dictionary<string, string> Given()
    {
        if (_given is not null) return _given;
        _given = [];
        if (options.Find("--env-file") is { } file) Read(new StringReader(ReadPrivate(file)));
        if (options.Has("--secrets-stdin")) Read(around.In);
        return _given;
    }

    private static string ReadPrivate(string file)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0) throw new UnfitException("env-file-open", $"Others can read or change {file}: chmod 600 it.");
        return File.ReadAllText(file);
    }

    private void Read(TextReader reader)
    {
        for (var n = 0; n < LinesMax && reader.ReadLine() is { } line; n++)
        {
            if (line.Length == 0 || line.StartsWith('#')) continue;
            // The line itself is not shown: it may be a secret that was written wrongly.
            if (line.Split('=', 2) is not [var name, var value]) throw new UsageException("Secrets are given as NAME=VALUE, one a line.");
            _given![name.Trim()] = value;
        }
    }

    private string Ask(string name, string? again = null)
    {
        if (!around.IsInteractive) throw new UsageException($"{name} is not given: set it in the environment, in --env-file, or on standard input with --secrets-stdin.");
        around.Error.Write($"{name["BID_".Length..].ToLowerInvariant().Replace('_', ' ')}{(again is null ? "" : $" ({again})")}: ");
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) typed.Length = Math.Max(0, typed.Length - 1);
            else if (key.KeyChar != '\0') typed.Append(key.KeyChar);
        }
        around.Error.WriteLine();
        return typed.ToString();
    }
}
