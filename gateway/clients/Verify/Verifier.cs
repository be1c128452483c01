namespace Tendering.Verify;

/// <summary>The program: checks what the platform says, with nothing of the platform in it but the published protocols.</summary>
public static class Verifier
{
    public const string Usage = """
        verify log PLACE                      a log: its address (http…/log), or an export in a folder or zip file
            [--new-only]                      entries that the last run has checked are not read again
            [--state FILE]                    where to remember the checkpoint that was seen (by default in the user's own data)
            [--save FOLDER]                   keep what is read, as an export
            [--timestamp-roots PEM]           authorities whose time-stamps count

        Whose signatures count, for log, receipt and tender:
            --policy FILE                     log, witnesses and quorum, as C2SP tlog-policy
            --log-key KEY [--witness-key KEY …] [--witnesses-needed N]

        Everywhere: --json for machines, --quiet without a progress bar.
        Ends with 0: good, 1: bad, 2: incomplete (nothing bad, but not everything could be checked), 64: not understood.
        """;

    public static async Task<int> MainAsync(string[] args, TextWriter output, TextWriter errors)
    {
        using var stop = new CancellationTokenSource();
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        Console.CancelKeyPress += onCancel;
        try
        {
            var arguments = new Arguments(args.Skip(1));
            var json = arguments.Json;
            var report = await RunAsync(args.FirstOrDefault(), arguments, stop.Token);
            report.Write(output, json);
            return report.ExitCode;
        }
        catch (UsageException e)
        {
            errors.WriteLine(e.Message);
            errors.WriteLine();
            errors.WriteLine(Usage);
            return Report.ExitUsage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            errors.WriteLine("Stopped: not everything was checked.");
            return Report.ExitIncomplete;
        }
        finally { Console.CancelKeyPress -= onCancel; }
    }

    private static Task<Report> RunAsync(string? what, Arguments arguments, CancellationToken ct) => what switch
    {
        "log" => VerifyLog.RunAsync(arguments, ct),
        null => throw new UsageException("What is to be verified?"),
        _ => throw new UsageException($"'{what}' cannot be verified."),
    };
}
