using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Verify;

/// <summary><c>verify fork EVIDENCE</c>: what a witness kept against a log; good means that the log is shown to have lied.</summary>
public static class VerifyFork
{
    private sealed record Evidence(string Kind, string Origin, string? Cosigned, string Offered);

    public static Task<Report> RunAsync(Arguments arguments)
    {
        var file = arguments.Words(1, 1)[0];
        var policy = arguments.Policy();
        arguments.RefuseOthers();
        if (policy is null or { Logs.Count: 0 }) throw new UsageException("Whose log it is must be said: --log-key or --policy.");
        var report = new Report($"fork {file}");
        try
        {
            var evidence = JsonSerializer.Deserialize<Evidence>(Arguments.Bytes(file), JsonSerializerOptions.Web) ?? throw new JsonException();
            var log = policy.Logs.FirstOrDefault(key => key.Name == evidence.Origin) ?? throw new UsageException($"No key was given for {evidence.Origin}.");
            var (first, second) = (evidence.Cosigned is { } cosigned ? Checkpoint.Open(SignedNote.Parse(cosigned), log) : null, Checkpoint.Open(SignedNote.Parse(evidence.Offered), log));
            if (first is not null && first.Size == second.Size && !first.SameTree(second)) report.Good("fork", $"The log has signed two checkpoints of {first.Size} entries with two roots: it has two histories, and cannot deny it.");
            else report.Unchecked("fork", "Both checkpoints are the log's own, but of different sizes: only a proof that does not exist would show that they are of one history. Ask the log for it.");
        }
        catch (LogFormatException e) { report.Bad(e.Code, $"This is no evidence: {e.Message}"); }
        catch (JsonException) { report.Bad("fork.malformed", "This is no evidence."); }
        return Task.FromResult(report);
    }
}
