using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Tendering.Protocols;

namespace Tendering.BidOpening.Domain;

/// <summary>
/// The opening record (开标记录): everything that was announced and how it came about. Its canonical JSON is hashed and public. Version 2 is first drawn without
/// <paramref name="Closing"/>: those bytes are what was announced and what those present sign; take the member out again to check them.
/// </summary>
public sealed record OpeningRecord(
    int Version, Guid TenderId, string TenderNumber, string TenderTitle, Guid LotId, int LotNumber, string LotTitle, string TendererName, string AgencyName, string RuleSet, string Currency,
    string ClosingListHash, string ClosedAt, string StartedAt, string SharesDueBy, string? RecoveryDueBy, int Threshold,
    IReadOnlyList<RecordedCustodian> Custodians, IReadOnlyList<RecordedWrongShare> WrongShares, IReadOnlyList<RecordedBid> Bids,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CompletedAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AnnouncedAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReadingOrder = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CoefficientDraw? Coefficients = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RecordedComplaint>? Complaints = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RecordedClosing? Closing = null)
{
    /// <summary>The order in which outcomes are read out, as the record states it; each bid's <see cref="RecordedBid.ReadAs"/> follows from it.</summary>
    public const string ByMomentThenPlace = "by the moment of the outcome, then by place on the closing list";

    public static OpeningRecord Draw(OpeningSession session, IEnumerable<ListedBid> bids, IReadOnlyList<ShareRelease> releases, IEnumerable<WrongShare> wrong, IEnumerable<UpheldComplaint> complaints, DateTimeOffset now)
    {
        var notice = session.Notice!;
        return new OpeningRecord(
            2, session.TenderId, notice.TenderNumber, notice.TenderTitle, session.Id, notice.LotNumber, notice.LotTitle, notice.TendererName, notice.AgencyName, notice.RuleSet, notice.Currency,
            session.ClosingListHash!, Text(session.ClosedAt!.Value), Text(session.StartedAt!.Value), Text(session.SharesDueBy!.Value), session.RecoveryDueBy is { } r ? Text(r) : null, notice.Threshold,
            [.. notice.Custodians.OrderBy(c => c.Index).Select(c => RecordedCustodian.Of(c, releases.Where(x => x.CustodianIndex == c.Index)))],
            [.. wrong.OrderBy(w => w.ReleasedAt).ThenBy(w => w.CustodianIndex).ThenBy(w => w.BidId).ThenBy(w => w.Part, StringComparer.Ordinal)
                .Select(w => new RecordedWrongShare(w.CustodianIndex, w.BidId, w.Part, w.ShareHash, Text(w.ReleasedAt)))],
            [.. bids.OrderBy(b => b.Place).Select(RecordedBid.Of)],
            AnnouncedAt: Text(now), ReadingOrder: ByMomentThenPlace, Coefficients: session.Coefficients,
            Complaints: [.. complaints.OrderBy(c => c.UpheldAt).ThenBy(c => c.CustodianIndex).ThenBy(c => c.BidId).ThenBy(c => c.Part, StringComparer.Ordinal)
                .Select(c => new RecordedComplaint(c.CustodianIndex, c.BidId, c.Part, c.SharedPoint, c.Proof, Text(c.UpheldAt)))]);
    }

    public string Canonical() => Encoding.UTF8.GetString(CanonicalJson.Serialize(this));
    public static OpeningRecord Read(string canonical) => CanonicalJson.Deserialize<OpeningRecord>(Encoding.UTF8.GetBytes(canonical));

    /// <summary>RFC 3339, UTC, whole microseconds.</summary>
    internal static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}

public sealed record RecordedCustodian(int Index, Guid OrganisationId, string OrganisationName, string? ReleasedAt, int Good, int Wrong)
{
    public static RecordedCustodian Of(Custodian custodian, IEnumerable<ShareRelease> releases)
    {
        var all = releases.OrderBy(r => r.ReleasedAt).ToList();
        return new RecordedCustodian(custodian.Index, custodian.OrganisationId, custodian.Name, all.Count > 0 ? OpeningRecord.Text(all[0].ReleasedAt) : null, all.Sum(r => r.Good), all.Sum(r => r.Wrong));
    }
}

/// <summary>A share that was not what the manifest's hash says, by the SHA-256 of what came.</summary>
public sealed record RecordedWrongShare(int CustodianIndex, Guid BidId, string Part, string ShareHash, string ReleasedAt);

/// <summary>A custodian's proof that what was sealed to it is not what the manifest names; see <see cref="ShareComplaint"/> for how to judge it again.</summary>
public sealed record RecordedComplaint(int CustodianIndex, Guid BidId, string Part, string? SharedPoint, string? Proof, string UpheldAt);

/// <summary>One line of the opening schedule. <paramref name="PriceKey"/> (base64url) opens the price ciphertext again; price in minor units.</summary>
public sealed record RecordedBid(
    int Place, Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, int Revision, string ManifestHash, string SubmittedAt, bool DepositSecured,
    long? Price, OpeningSchedule? Schedule, string? PriceKey, string? OpenedBy, string? Verdict, string? Cause, string? Fact, string? Rule, string? Article,
    string DecidedAt, string[] Findings, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ReadAs = null)
{
    public const string FilesNotOpened = "files-not-opened";

    public static RecordedBid Of(ListedBid bid) => new(
        bid.Place, bid.Id, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Revision, bid.ManifestHash, OpeningRecord.Text(bid.SubmittedAt), bid.DepositSecured,
        bid.Price, bid.Schedule is { } text ? OpeningSchedule.Parse(Encoding.UTF8.GetBytes(text)) : null, bid.PriceKey is { } key ? Base64UrlText.Encode(key) : null, bid.OpenedBy,
        bid.Verdict is { } v ? Word.Of(v) : null, bid.Cause is { } c ? Word.Of(c) : null, bid.Fact is { } f ? Word.Of(f) : null, bid.Rule, bid.Article,
        OpeningRecord.Text(bid.DecidedAt!.Value), bid.FilesStage == FilesStage.Failed ? [FilesNotOpened] : [], bid.ReadAs);
}

/// <summary>What followed the announcement: who was there and signed or was silent, and what was objected and answered.</summary>
public sealed record RecordedClosing(string AnnouncedHash, string ConfirmBy, string CompletedAt, IReadOnlyList<RecordedParty> Present, IReadOnlyList<RecordedObjection> Objections)
{
    public static RecordedClosing Of(
        OpeningSession session, IEnumerable<Attendance> present, IReadOnlyList<AnnouncementSignature> signatures, IEnumerable<OpeningObjection> objections, IReadOnlyDictionary<Guid, string> names, DateTimeOffset now) => new(
        session.AnnouncedHash!, OpeningRecord.Text(session.ConfirmBy!.Value), OpeningRecord.Text(now),
        [.. present.OrderBy(p => p.SignedInAt).ThenBy(p => p.OrganisationId).Select(p => RecordedParty.Of(p, signatures.FirstOrDefault(s => s.OrganisationId == p.OrganisationId)))],
        [.. objections.OrderBy(o => o.Number).Select(o => new RecordedObjection(o.Number, o.BidderId, names[o.BidderId], o.Text, OpeningRecord.Text(o.RaisedAt), o.Answer, o.AnsweredAt is { } at ? OpeningRecord.Text(at) : null))]);
}

/// <summary>Someone who was present. Without <paramref name="SignedAt"/> the party was silent to the end.</summary>
public sealed record RecordedParty(string Party, Guid OrganisationId, string OrganisationName, string SignedInAt, string? SignedAt, string? Way, string? Signature)
{
    public static RecordedParty Of(Attendance present, AnnouncementSignature? signature) => new(
        Word.Of(present.Party), present.OrganisationId, present.OrganisationName!, OpeningRecord.Text(present.SignedInAt), signature is null ? null : OpeningRecord.Text(signature.SignedAt), signature?.Way, signature?.Signature);
}

/// <summary>An objection on the spot. Without <paramref name="Answer"/> the agency gave none in its time.</summary>
public sealed record RecordedObjection(int Number, Guid BidderId, string BidderName, string Text, string RaisedAt, string? Answer, string? AnsweredAt);
