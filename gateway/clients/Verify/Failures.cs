using Tendering.Protocols;

namespace Tendering.Verify;

/// <summary>The program was called in a way that it does not understand.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>What was to be checked cannot be had: the check is incomplete.</summary>
public sealed class UnreachableException(string message) : Exception(message);

/// <summary>Input comes from whoever has something to hide: whatever it makes the reading of it throw is its own fault, and a finding.</summary>
public static class Hostile
{
    public static bool IsOf(Exception e) => e is not (OperationCanceledException or OutOfMemoryException or UsageException or UnreachableException or IOException or UnauthorizedAccessException or HttpRequestException);

    /// <summary>Runs a part of a check; what cannot be read is bad.</summary>
    public static void Guard(Report report, string code, string what, Action check)
    {
        try { check(); }
        catch (Exception e) when (IsOf(e)) { report.Bad(e is ProtocolException known ? known.Code : code, $"{what} is not what it should be: {e.Message}"); }
    }

    public static async Task GuardAsync(Report report, string code, string what, Func<Task> check)
    {
        try { await check(); }
        catch (Exception e) when (IsOf(e)) { report.Bad(e is ProtocolException known ? known.Code : code, $"{what} is not what it should be: {e.Message}"); }
    }
}
