using System.Text.Json;
using Tendering.Contracts;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Domain;

/// <summary>
/// Which event brings the moment at which secrets of a lot become public (法22, 法37; 20号令27). A lot that fails before its opening discloses no bidder: it may be
/// tendered again.
/// </summary>
public static class Disclosures
{
    private static readonly Dictionary<string, string> Moments = new()
    {
        ["bid-opening.opening-completed"] = Disclosure.Opening,
        ["evaluation.evaluation-completed"] = Disclosure.Report,
        ["tenders.candidates-published"] = Disclosure.Result,
        ["tenders.award-notice-issued"] = Disclosure.Result,
        ["tenders.lot-failed"] = Disclosure.Result,
    };

    /// <summary>The moment that this event brings for its lot, or null. Only what the owner of the fact says counts.</summary>
    public static string? MomentOf(RecordedEvent e) => e.SecretUntil is null && Moments.TryGetValue(e.Type, out var moment) && e.Type.StartsWith(e.Source + ".", StringComparison.Ordinal) ? moment : null;

    /// <summary>Does this event wait for a moment?</summary>
    public static bool Waits(RecordedEvent e) => e.SecretUntil is Disclosure.Opening or Disclosure.Report or Disclosure.Result && e.TenderId is not null;

    public static Guid? LotOf(RecordedEvent e) => IdOf(e, "lotId");

    /// <summary>The bid whose receipt speaks of this event, or null.</summary>
    public static Guid? BidOf(RecordedEvent e) => e.Source == "bidding" && e.Type is "bidding.bid-submitted" or "bidding.bid-replaced" ? IdOf(e, "bidId") : null;

    private static Guid? IdOf(RecordedEvent e, string member)
    {
        try
        {
            using var payload = JsonDocument.Parse(e.Payload);
            return payload.RootElement.ValueKind == JsonValueKind.Object && payload.RootElement.TryGetProperty(member, out var id) && id.ValueKind == JsonValueKind.String && id.TryGetGuid(out var value) ? value : null;
        }
        catch (JsonException) { return null; }
    }
}
