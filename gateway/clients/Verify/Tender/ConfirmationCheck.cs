using System.Text.Json;

namespace Tendering.Verify.Tender;

/// <summary>What followed the announcement: signatures of those present over its bytes, and, where the events are known, that nobody and no objection was left out or added.</summary>
public static class ConfirmationCheck
{
    private const string ByCertificate = "certificate", BySession = "session";

    public static void CheckSignatures(Report report, OpeningRecord record, byte[] announcement, Signers signers)
    {
        if (record.Closing is not { Present: { } present }) return;
        var good = 0;
        foreach (var party in present.Where(p => p.SignedAt is not null))
        {
            if (!report.Require(party is { Way: BySession, Signature: null } or { Way: ByCertificate, Signature: not null }, "opening.confirmation", $"How {party.OrganisationName} signed the announcement is not said.")) continue;
            if (party.Signature is { } signature && signers.Check("opening.confirmation", $"the announcement by {party.OrganisationName}", announcement, signature, party.OrganisationId, OpeningCheck.Time(party.SignedAt!)) is { IsGood: true }) good++;
        }
        if (good > 0) report.Good("opening.confirmation", $"{good} of those present signed the announcement with their certificates.");
        report.Note("opening.present", $"{present.Length} were present; {present.Count(p => p.Way == BySession)} signed by session, {present.Count(p => p.SignedAt is null)} were silent.");
    }

    /// <summary>The record against the lot's events, either way round.</summary>
    public static void CompareWithEvents(Report report, OpeningRecord record, IReadOnlyList<ShownEvent> of)
    {
        if (record.Closing is not { Present: { } present, Objections: { } objections } closing) return;
        var signed = of.Where(e => e.Type == "bid-opening.announcement-signed").ToArray();
        report.Require(Same(present.Select(p => (p.OrganisationId, p.OrganisationName, p.Party, OpeningCheck.Time(p.SignedInAt))), of.Where(e => e.Type == "bid-opening.party-signed-in").Select(e => (Id(e, "organisationId"), Text(e, "organisationName")!, Text(e, "party")!, Time(e, "signedInAt")))),
            "opening.present", $"Lot {record.LotId}: who the record says was present is not who signed in.");
        report.Require(Same(present.Where(p => p.SignedAt is not null).Select(p => (p.OrganisationId, p.Way, p.Signature, OpeningCheck.Time(p.SignedAt!))), signed.Select(e => (Id(e, "organisationId"), Text(e, "way"), Text(e, "signature"), Time(e, "signedAt"))))
            && signed.All(e => e.Organisation == Id(e, "organisationId") && Text(e, "announcedHash") == closing.AnnouncedHash), "opening.confirmation",
            $"Lot {record.LotId}: signatures under the announcement, {signed.Length}, are those that were given, each by its own organisation.", $"Lot {record.LotId}: the signatures on the record are not those that were given, or not by whom it says.");
        var answers = of.Where(e => e.Type == "bid-opening.objection-at-opening-answered").ToDictionary(e => Id(e, "objectionId"), e => ((string?)Text(e, "answer"), (DateTimeOffset?)Time(e, "answeredAt")));
        var raised = of.Where(e => e.Type == "bid-opening.objection-at-opening-raised").ToArray();
        report.Require(Same(objections.Select(o => (o.BidderId, o.Text, OpeningCheck.Time(o.RaisedAt), (o.Answer, o.AnsweredAt is { } at ? OpeningCheck.Time(at) : (DateTimeOffset?)null))),
                raised.Select(e => (Id(e, "bidderId"), Text(e, "text")!, Time(e, "raisedAt"), answers.GetValueOrDefault(Id(e, "objectionId"))))) && raised.All(e => e.Organisation == Id(e, "bidderId")), "opening.objections",
            $"Lot {record.LotId}: objections, {objections.Length}, and answers are on the record as they were raised and given.", $"Lot {record.LotId}: the objections on the record are not those that were raised, or not their answers.");
    }

    private static bool Same<T>(IEnumerable<T> record, IEnumerable<T> events) where T : struct
    {
        var counts = record.CountBy(x => x).ToDictionary();
        return events.CountBy(x => x).ToDictionary() is var other && counts.Count == other.Count && counts.All(pair => other.GetValueOrDefault(pair.Key) == pair.Value);
    }

    private static Guid Id(ShownEvent e, string member) => e.Payload.GetProperty(member).GetGuid();
    private static string? Text(ShownEvent e, string member) => e.Payload.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    // Records have microseconds, events all the digits that a clock has.
    private static DateTimeOffset Time(ShownEvent e, string member) => e.Payload.GetProperty(member).GetDateTimeOffset() is var time ? new DateTimeOffset(time.UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero) : default;
}
