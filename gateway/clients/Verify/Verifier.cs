using Tendering.Verify.Tender;

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

        verify receipt RECEIPT [PROOF]        a bidder's receipt, and the log's proof (.tlog-proof) that it holds the submission
            [--receipt-key FILE]              the platform's key for receipts (JWK or PEM)
            [--log PLACE]                     the log, where that key was published
            [--manifest FILE]                 the manifest that was submitted

        verify draw RECORD [POOL]             a draw of experts is repeated
            [--vrf-key HEX] [--draw FILE]     the key that was published before; the draw with its log

        verify opening RECORD [PROOF …]       prices are opened again from the sealed bids
            [--bid-roots PEM]                 authorities whose certificates may sign bids
            [--receipt-key FILE] [--coefficient-key HEX]

        verify evaluation REPORT              conclusions are drawn again from the report's inputs
            [--opening RECORD]                the opening record that it rests on
            [--committee FILE]                who signed

        verify tender DOSSIER                 everything about one tender, offline
            [--documents FOLDER]              what the dossier only names by hash: tender documents under their names; of an older dossier also LOT.opening.json, LOT.report.json,
                                              LOT.committee.json, BID.proof.json, DRAW.pool.json, DRAW.draw.json
            [--log PLACE]                     the log, to look there for public events that the dossier leaves out
            [--timestamp-roots PEM] [--bid-roots PEM]
            [--receipt-key FILE] [--vrf-key HEX] [--coefficient-key HEX]   instead of those that the log published

        verify fork EVIDENCE                  what a witness kept against a log; good: the log has lied

        Whose signatures count, for log, receipt, tender and fork:
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
        catch (Exception e) when (Hostile.IsOf(e) || e is IOException or UnauthorizedAccessException or HttpRequestException or UnreachableException)
        {
            var report = new Report(string.Join(' ', args));
            report.Unchecked("fault", $"The check ended before its end: {e.Message}");
            report.Write(output, args.Contains("--json"));
            return report.ExitCode;
        }
        finally { Console.CancelKeyPress -= onCancel; }
    }

    private static Task<Report> RunAsync(string? what, Arguments arguments, CancellationToken ct) => what switch
    {
        "log" => VerifyLog.RunAsync(arguments, ct),
        "receipt" => VerifyReceipt.RunAsync(arguments, ct),
        "draw" => DrawCheck.RunAsync(arguments),
        "opening" => OpeningCheck.RunAsync(arguments),
        "evaluation" => EvaluationCheck.RunAsync(arguments),
        "tender" => DossierCheck.RunAsync(arguments, ct),
        "fork" => VerifyFork.RunAsync(arguments),
        null => throw new UsageException("What is to be verified?"),
        _ => throw new UsageException($"'{what}' cannot be verified."),
    };
}
