using System.Diagnostics;
using System.Net;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Client;

/// <summary>The audit log's proof of a submission, and whose signatures it needs.</summary>
public static class ReceiptProofs
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private sealed record LogKeys(string Key, string[] Witnesses, int Needed);

    /// <summary>The proof's text; the log takes an event in a moment after it happened, and this waits for it.</summary>
    public static async Task<string> FetchAsync(Session session, Guid bid, CancellationToken ct)
    {
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, ct))
        {
            try { return Encoding.UTF8.GetString(await session.GetBytesAsync($"api/supervision/bids/{bid}/proof", ct)); }
            catch (RefusedException e) when ((e.Status == HttpStatusCode.NotFound || e.Code == "not-in-log-yet") && Stopwatch.GetElapsedTime(start) < session.Patience) { }
        }
    }

    /// <summary>The policy that the platform itself names; who keeps one from elsewhere believes the platform less.</summary>
    public static async Task<LogPolicy> FetchPolicyAsync(Session session, CancellationToken ct)
    {
        var keys = await session.GetAsync<LogKeys>("api/supervision/log/keys", ct);
        return LogPolicy.Of(NoteKey.Parse(keys.Key), [.. keys.Witnesses.Select(NoteKey.Parse)], keys.Needed);
    }
}
