using Tendering.Verify.Log;

namespace Tendering.Verify;

/// <summary><c>verify log PLACE</c></summary>
public static class VerifyLog
{
    public static async Task<Report> RunAsync(Arguments arguments, CancellationToken ct)
    {
        var place = arguments.Words(1, 1)[0];
        var options = new LogOptions(arguments.Policy(), arguments.Value("--state"), arguments.Has("--new-only"), arguments.Certificates("--timestamp-roots"), arguments.ShowProgress);
        var save = arguments.Value("--save");
        arguments.RefuseOthers();
        var report = new Report($"log {place}");
        using var read = LogSource.Open(place);
        using var source = save is null ? read : new SavingSource(read, save);
        try { await new LogCheck(source, options, report).RunAsync(ct); }
        catch (UnreachableException e) { report.Unchecked("unreachable", e.Message); }
        return report;
    }
}
