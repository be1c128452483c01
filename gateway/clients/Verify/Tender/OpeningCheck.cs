using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary><c>verify opening RECORD [PROOF …]</c>: each bid's price is opened again from what was sealed.</summary>
public static class OpeningCheck
{
    private const int ProofsMax = 10_000;
    private static readonly JsonSerializerOptions Lenient = new(CanonicalJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>What happened decides the word (docs/domain/bid-opening.md).</summary>
    private static readonly Dictionary<string, (string Verdict, string Cause)> Verdicts = new()
    {
        ["manifest-differs"] = ("withdrawn", "platform"),
        ["ciphertext-missing"] = ("withdrawn", "platform"), ["ciphertext-differs"] = ("withdrawn", "platform"), ["ciphertext-unreadable"] = ("withdrawn", "platform"),
        ["shares-missing"] = ("withdrawn", "custodians"), ["commitment-fails"] = ("revoked", "bidder"), ["ciphertext-broken"] = ("revoked", "bidder"),
        ["price-unreadable"] = ("rejected", "bidder"), ["currency-differs"] = ("rejected", "bidder"),
    };

    public static async Task<Report> RunAsync(Arguments arguments)
    {
        var words = arguments.Words(1, ProofsMax);
        var (roots, key) = (arguments.Certificates("--bid-roots"), arguments.Value("--receipt-key"));
        arguments.RefuseOthers();
        var report = new Report($"opening {words[0]}");
        if (Read(report, Arguments.Bytes(words[0])) is not { } record) return report;
        var proofs = new Dictionary<Guid, BidProof>();
        foreach (var file in words.Skip(1))
            if (ReadProof(report, Arguments.Bytes(file), file) is { } proof) proofs[proof.BidId] = proof;
        await CheckAsync(report, record, proofs, roots, key);
        return report;
    }

    /// <summary>Reads canonical bytes of version 1 or 2; members that carry no price or verdict are not looked at.</summary>
    internal static OpeningRecord? Read(Report report, byte[] bytes)
    {
        try
        {
            if (!CanonicalJson.Canonicalize(bytes).AsSpan().SequenceEqual(bytes)) throw new JsonException("it is not in canonical form");
            var record = JsonSerializer.Deserialize<OpeningRecord>(bytes, Lenient) ?? throw new JsonException("it is null");
            if (record.Closing is { } closing) report.Require(AnnouncedHash(bytes) == closing.AnnouncedHash, "opening.announced", "The record is the one that was announced, and what followed.", "The record is not the one that was announced.");
            return record;
        }
        catch (JsonException e)
        {
            report.Bad("opening.malformed", $"The opening record cannot be read: {e.Message}");
            return null;
        }
    }

    private static string AnnouncedHash(byte[] bytes)
    {
        var node = JsonNode.Parse(bytes)!.AsObject();
        node.Remove("closing");
        return HexText.Sha256(CanonicalJson.Canonicalize(node));
    }

    internal static BidProof? ReadProof(Report report, byte[] bytes, string name)
    {
        try { return JsonSerializer.Deserialize<BidProof>(bytes, CanonicalJson.Options); }
        catch (JsonException e)
        {
            report.Bad("opening.proof-malformed", $"'{name}' is no bid's proof: {e.Message}");
            return null;
        }
    }

    public static async Task CheckAsync(Report report, OpeningRecord record, IReadOnlyDictionary<Guid, BidProof> proofs, X509Certificate2Collection? roots, string? receiptKey)
    {
        if (record.Version is not (1 or 2))
        {
            report.Unchecked("opening.version", $"Version {record.Version} of the opening record is not known here.");
            return;
        }
        var closing = HexText.Sha256(CanonicalJson.Serialize(record.Bids.OrderBy(bid => bid.Place).Select(bid => new ClosingLine(bid.BidId, bid.ManifestHash)).ToArray()));
        report.Require(closing == record.ClosingListHash, "opening.closing-list", $"The {record.Bids.Length} bids are those of the closing list, none more and none less.", "The bids are not those of the closing list.");
        var opened = 0;
        foreach (var bid in record.Bids)
        {
            CheckWords(report, bid);
            if (proofs.TryGetValue(bid.BidId, out var proof)) opened += await CheckBidAsync(report, record, bid, proof, roots, receiptKey) ? 1 : 0;
            else report.Unchecked("opening.proof", $"The proof of bid {bid.BidId} ({bid.BidderName}) was not given: its price was not opened again.");
        }
        if (opened > 0) report.Good("opening.prices", $"{opened} prices were opened again and are those that were sealed.");
    }

    private static void CheckWords(Report report, OpenedBid bid)
    {
        if (bid.Price is not null) report.Require(bid is { Verdict: null, Fact: null, Schedule: not null } && bid.Schedule.Price == bid.Price, "opening.price", $"The record contradicts itself on bid {bid.BidId}.");
        else report.Require(bid.Fact is not null && Verdicts.TryGetValue(bid.Fact, out var words) && words == (bid.Verdict, bid.Cause), "opening.verdict", $"Bid {bid.BidId} has the verdict {bid.Verdict} of {bid.Cause}, which the fact {bid.Fact} does not give.");
    }

    private static async Task<bool> CheckBidAsync(Report report, OpeningRecord record, OpenedBid bid, BidProof proof, X509Certificate2Collection? roots, string? receiptKey)
    {
        BidManifest manifest;
        try { manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(proof.Manifest)); }
        catch (ManifestException e)
        {
            report.Bad(e.Code, $"The manifest of bid {bid.BidId}: {e.Message}");
            return false;
        }
        var whole = report.Require(manifest.Hash() == bid.ManifestHash, "opening.manifest", $"The manifest shown of bid {bid.BidId} is not the one on the record.")
            & report.Require((manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision) == (record.TenderId, record.LotId, bid.BidderId, bid.Revision), "opening.manifest", $"The manifest of bid {bid.BidId} is of another tender, lot, bidder or revision.")
            & CheckSignature(report, bid, manifest, proof.Signature, roots) & CheckReceipt(report, record, bid, proof.Receipt, receiptKey);
        return await CheckPriceAsync(report, record, bid, manifest, proof) && whole;
    }

    internal static bool CheckSignature(Report report, OpenedBid bid, BidManifest manifest, string base64, X509Certificate2Collection? roots)
    {
        var bytes = new byte[BidSignature.BytesMax];
        var check = Convert.TryFromBase64String(base64, bytes, out var length) ? BidSignature.Verify(manifest, bytes[..length], roots ?? [], Time(bid.SubmittedAt)) : null;
        if (check is { Verdict: SignatureVerdict.CertificateNotTrusted } && roots is null)
        {
            report.Unchecked("opening.certificate", $"Bid {bid.BidId} is signed by {check.Certificate?.Subject}, but no authorities were named that one trusts (--bid-roots).");
            return true;
        }
        return report.Require(check is { IsGood: true }, "opening.signature", $"The signature of bid {bid.BidId} does not hold: {check?.Verdict.ToString() ?? "Malformed"}.")
            && report.Require(check!.SubjectOrganisation == bid.SocialCreditCode, "opening.signature", $"Bid {bid.BidId} is signed by {check.SubjectOrganisation}, not by its bidder.");
    }

    private static bool CheckReceipt(Report report, OpeningRecord record, OpenedBid bid, string receipt, string? receiptKey)
    {
        if (receiptKey is null) return true;
        using var key = Signatures.PublicKey(receiptKey);
        return report.Require(Receipt.Verify(receipt, key) is { } claims && (claims.Bid, claims.Tender, claims.Lot, claims.Bidder, claims.Revision, claims.ManifestHash, claims.Time)
            == (bid.BidId, record.TenderId, record.LotId, bid.BidderId, bid.Revision, bid.ManifestHash, Time(bid.SubmittedAt)), "opening.receipt", $"The receipt of bid {bid.BidId} is not signed, or says something else than the record.");
    }

    private static async Task<bool> CheckPriceAsync(Report report, OpeningRecord record, OpenedBid bid, BidManifest manifest, BidProof proof)
    {
        var cipher = proof.PriceCiphertext is { } text ? LogBase64(text) : null;
        var key = bid.PriceKey is { } encoded ? Base64UrlText.TryDecode(encoded) : null;
        var part = manifest.Price;
        var matches = cipher is not null && cipher.Length == part.Length && BlockDigest.Of(cipher) == part.Digest;
        if (bid.Price is null) return CheckNotOpened(report, bid, manifest, cipher, matches, key);
        if (!report.Require(matches, "opening.ciphertext", $"The ciphertext of bid {bid.BidId} is not the one that was sealed.")) return false;
        if (!report.Require(key is not null && BidOpener.CommitmentHolds(manifest, part.Name, key), "opening.commitment", $"The key of bid {bid.BidId} is not the one that it was sealed with.")) return false;
        try
        {
            var schedule = OpeningSchedule.Parse(await BidOpener.OpenAsync(manifest, part.Name, key, cipher!), manifest);
            return report.Require(schedule == bid.Schedule && schedule.Price == bid.Price && schedule.Currency == record.Currency, "opening.price", $"Bid {bid.BidId} was sealed with the price {schedule.Price} {schedule.Currency}, and the record says {bid.Price}.");
        }
        catch (ProtocolException e) { return report.Require(false, "opening.price", $"Bid {bid.BidId} cannot be opened with its key: {e.Message}"); }
    }

    // A fact that the proof itself can show is looked at; that shares were missing cannot be seen from here.
    private static bool CheckNotOpened(Report report, OpenedBid bid, BidManifest manifest, byte[]? cipher, bool matches, byte[]? key)
    {
        bool? holds = bid.Fact switch
        {
            "ciphertext-missing" => cipher is null,
            "ciphertext-differs" => !matches,
            "ciphertext-broken" or "price-unreadable" or "currency-differs" => matches && key is not null && BidOpener.CommitmentHolds(manifest, SealedPart.Price, key),
            _ => null,
        };
        if (holds is null) report.Note("opening.not-opened", $"Bid {bid.BidId} was not opened ({bid.Fact}); that cannot be seen from what is published.");
        return holds is null || report.Require(holds.Value, "opening.fact", $"Bid {bid.BidId} is said not to be opened for {bid.Fact}, which what is shown contradicts.");
    }

    internal static DateTimeOffset Time(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : default;

    private static byte[]? LogBase64(string text)
    {
        try { return Convert.FromBase64String(text); }
        catch (FormatException) { return null; }
    }

    internal sealed record ClosingLine(Guid BidId, string ManifestHash);
}
