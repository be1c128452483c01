using System.Net.Sockets;
using System.Security.Cryptography;
using Tendering.Bid.Commands;
using Tendering.Client;
using Tendering.Protocols;

namespace Tendering.Bid;

/// <summary>The command line: finds the command, gives it what it needs, and says how it ended in words or JSON and in the exit code.</summary>
internal static class BidProgram
{
    public const int Done = 0, Refused = 1, Misused = 2, Unfit = 3, Unreachable = 4, Interrupted = 130;

    private static readonly Command[] Commands =
    [
        new("keys custodian", "make a custodian's key pair; with --tender also register its public key", ["--out"], ["--tender"], Keys.CustodianAsync),
        new("keys recovery", "make a bidder's recovery key pair", ["--out"], [], Keys.RecoveryAsync),
        new("keys signing", "make a signing key pair and a certificate request", ["--out", "--request"], ["--name"], Keys.SigningAsync),
        new("keys show", "show a key file's public key; asks for no passphrase", ["--key"], [], Keys.ShowAsync),
        new("enrol", "register an organisation and fetch its certificate", ["--details", "--request", "--out"], [], Enrol.RunAsync),
        new("notice", "save a tender as it is published, with its custodians' keys", ["--tender", "--out"], [], Notice.RunAsync),
        new("status", "one's own state on a lot", ["--lot"], [], Lots.StatusAsync),
        new("register", "take part in a lot", ["--lot"], [], Lots.RegisterAsync),
        new("seal", "seal and sign a bid; works without a network", ["--notice", "--lot", "--bidder", "--price", "--files", "--recovery-key", "--signing-key", "--certificate", "--out"], ["--revision"], Seal.RunAsync),
        new("open", "open one's own sealed package with the recovery key, to see what was sealed; works without a network", ["--package", "--recovery-key"], ["--out"], Open.RunAsync),
        new("upload", "bring a package's ciphertexts to the platform, going on where an earlier run was cut", ["--package"], [], Upload.RunAsync),
        new("submit", "submit an uploaded package and keep the receipt in it", ["--package"], ["--receipt-key"], Submit.RunAsync),
        new("withdraw", "take the standing bid back before the deadline", ["--lot"], [], Lots.WithdrawAsync),
        new("receipt", "fetch a receipt, check it and keep it; with --proof also the audit log's proof of the submission", ["--lot", "--out"], ["--revision", "--receipt-key", "--proof", "--log-policy"], Receipts.RunAsync),
        new("release", "a custodian opens its shares of all bids here and posts them", ["--lot", "--key"], [], Release.RunAsync),
        new("recover", "a bidder opens its own bid at the opening, when custodians fail", ["--lot", "--recovery-key"], ["--revision"], Recover.RunAsync),
    ];

    public static async Task<int> RunAsync(string[] args, Surroundings around, CancellationToken ct)
    {
        var output = new Output(around, args.Contains("--json"));
        try
        {
            if (args is [] or ["help"] or ["--help"]) return Help(around);
            var command = Commands.FirstOrDefault(c => c.IsNamedBy(args)) ?? throw new UsageException($"There is no command '{string.Join(' ', args.Take(2))}'. 'bid help' lists them.");
            var options = Options.Parse(args[command.Words..], command);
            output.Result(await command.Run(new Call(options, new Secrets(options, around), output, around), ct));
            return Done;
        }
        catch (UsageException e) { return output.Fail(Misused, "usage", e.Message); }
        catch (RefusedException e) { return output.Fail(Refused, e); }
        catch (ProtocolException e) { return output.Fail(Unfit, e.Code, e.Message); }
        catch (UnfitException e) { return output.Fail(Unfit, e.Code, e.Message, e.Details); }
        catch (CryptographicException e) { return output.Fail(Unfit, "key.unfit", e.Message); }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or SocketException) { return output.Fail(Unreachable, "unreachable", e.Message); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return output.Fail(Unfit, "file", e.Message); }
        catch (OperationCanceledException) { return output.Fail(Interrupted, "interrupted", "Stopped."); }
    }

    private static int Help(Surroundings around)
    {
        around.Out.WriteLine("bid COMMAND OPTIONS: seals, submits and opens bids. docs/operations/bid.md has examples.\n");
        foreach (var command in Commands)
        {
            around.Out.WriteLine($"  {command.Name,-15} {command.Summary}");
            around.Out.WriteLine($"  {"",-15} {string.Join(' ', command.Required.Concat(command.Optional.Select(o => $"[{o}]")))}");
        }
        around.Out.WriteLine($"""

              with all: {string.Join(' ', Options.Common)}

            Secrets never stand on the command line. {Secrets.Passphrase}, {Secrets.Password} and {Secrets.ClientSecret} come from the environment, from --env-file (a file that nobody else
            can read), from standard input with --secrets-stdin (NAME=VALUE lines), or are asked for.
            Exit codes: 0 done, 1 refused by the platform, 2 wrong usage, 3 a file, key, package or receipt is not as it must be, 4 no answer, 130 stopped.
            """);
        return Done;
    }
}

/// <summary>One command: its words, what it needs and may be given, and what it does.</summary>
internal sealed record Command(string Name, string Summary, string[] Required, string[] Optional, Func<Call, CancellationToken, Task<object>> Run)
{
    public int Words => Name.Split(' ').Length;

    public bool IsNamedBy(string[] args) => args.Take(Words).SequenceEqual(Name.Split(' '));
}

/// <summary>What a command works with.</summary>
internal sealed record Call(Options Options, Secrets Secrets, Output Output, Surroundings Around)
{
    /// <summary>A connection signed in as the options say: a person by --user, a machine by --client-id.</summary>
    public Task<Session> SignInAsync(CancellationToken ct) => (Options.Find("--user") ?? Around.Variable("BID_USER"), Options.Find("--client-id") ?? Around.Variable("BID_CLIENT_ID")) switch
    {
        ({ } user, null) => Session.SignInAsync(Gateway, user, Secrets.Get(Secrets.Password), ct, Options.Patience),
        (null, { } client) => Session.SignInMachineAsync(Gateway, client, Secrets.Get(Secrets.ClientSecret), ct, Options.Patience),
        (null, null) => throw new UsageException("Say who signs in: --user for a person, or --client-id for a machine."),
        _ => throw new UsageException("--user and --client-id exclude each other."),
    };

    public Session Public() => new(Gateway, Options.Patience);

    public Uri Gateway => Options.Address("--gateway", Around.Variable("BID_GATEWAY"));
}

/// <summary>The command line cannot be understood; the message says what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Something here is not as it must be, and nothing was sent because of it, unless <paramref name="details"/> say what was.</summary>
internal sealed class UnfitException(string code, string message, object? details = null) : Exception(message)
{
    public string Code { get; } = code;
    public object? Details { get; } = details;
}
