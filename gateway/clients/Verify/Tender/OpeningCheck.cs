using System.Globalization;
using System.Security.Cryptography;
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
        ["shares-missing"] = ("withdrawn", "custodians"), ["share-sealed-wrong"] = ("revoked", "bidder"), ["commitment-fails"] = ("revoked", "bidder"), ["ciphertext-broken"] = ("revoked", "bidder"),
        ["price-unreadable"] = ("rejected", "bidder"), ["currency-differs"] = ("rejected", "bidder"),
    };

    public static async Task<Report> RunAsync(Arguments arguments)
    {
        var words = arguments.Words(1, ProofsMax);
        var (roots, keyFile, coefficientKey) = (arguments.Certificates("--bid-roots"), arguments.Value("--receipt-key"), arguments.Value("--coefficient-key"));
        arguments.RefuseOthers();
        var report = new Report($"opening {words[0]}");
        var bytes = Arguments.Bytes(words[0]);
        if (Read(report, bytes) is not { } record) return report;
        var proofs = new Dictionary<Guid, BidProof>();
        foreach (var file in words.Skip(1))
            if (ReadProof(report, Arguments.Bytes(file), file) is { } proof) proofs[proof.BidId] = proof;
        using var key = keyFile is null ? null : Signatures.PublicKey(keyFile);
        var signers = new Signers(roots, null, report);
        await Hostile.GuardAsync(report, "opening.malformed", "The opening record", async () =>
        {
            await CheckAsync(report, record, proofs, signers, key);
            ConfirmationCheck.CheckSignatures(report, record, Announcement(bytes), signers);
            if (record.Coefficients is not { } draw) return;
            if (coefficientKey is null) report.Unchecked("opening.coefficient-key", "The key of the coefficients' random function was not given (--coefficient-key): that it was published before the tender is not shown.");
            else report.Require(coefficientKey == draw.VrfPublicKey, "opening.coefficient-key", "The coefficients' random function is that of the key given.", "The coefficients' random function is of another key.");
        });
        return report;
    }

    /// <summary>Reads canonical bytes of version 1 or 2; members that carry no price or verdict are not looked at.</summary>
    internal static OpeningRecord? Read(Report report, byte[] bytes)
    {
        try
        {
            if (!CanonicalJson.Canonicalize(bytes).AsSpan().SequenceEqual(bytes)) throw new JsonException("it is not in canonical form");
            var record = JsonSerializer.Deserialize<OpeningRecord>(bytes, Lenient) ?? throw new JsonException("it is null");
            if (record.Closing is { } closing) report.Require(HexText.Sha256(Announcement(bytes)) == closing.AnnouncedHash, "opening.announced", "The record is the one that was announced, and what followed.", "The record is not the one that was announced.");
            return record;
        }
        catch (Exception e) when (Hostile.IsOf(e))
        {
            report.Bad("opening.malformed", $"The opening record cannot be read: {e.Message}");
            return null;
        }
    }

    /// <summary>What was announced and is signed: the record without its closing.</summary>
    internal static byte[] Announcement(byte[] record)
    {
        var node = JsonNode.Parse(record)!.AsObject();
        node.Remove("closing");
        return CanonicalJson.Canonicalize(node);
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

    public static async Task CheckAsync(Report report, OpeningRecord record, IReadOnlyDictionary<Guid, BidProof> proofs, Signers signers, ECDsa? receiptKey)
    {
        if (record.Version is not (1 or 2))
        {
            report.Unchecked("opening.version", $"Version {record.Version} of the opening record is not known here.");
            return;
        }
        var closing = HexText.Sha256(CanonicalJson.Serialize(record.Bids.OrderBy(bid => bid.Place).Select(bid => new ClosingLine(bid.BidId, bid.ManifestHash)).ToArray()));
        report.Require(closing == record.ClosingListHash, "opening.closing-list", $"The {record.Bids.Length} bids are those of the closing list, none more and none less.", "The bids are not those of the closing list.");
        if (receiptKey is null) report.Unchecked("opening.receipt", "The key of receipts is not known (--receipt-key): the bids' receipts were not checked.");
        var (opened, manifests) = (0, new Dictionary<Guid, BidManifest>());
        foreach (var bid in record.Bids)
        {
            CheckWords(report, bid);
            if (!proofs.TryGetValue(bid.BidId, out var proof)) report.Unchecked("opening.proof", $"The proof of bid {bid.BidId} ({bid.BidderName}) was not given: its price was not opened again.");
            else if (ReadManifest(report, bid, proof) is { } manifest)
            {
                manifests[bid.BidId] = manifest;
                opened += await CheckBidAsync(report, record, bid, manifest, proof, signers, receiptKey) ? 1 : 0;
            }
        }
        if (opened > 0) report.Good("opening.prices", $"{opened} prices were opened again and are those that were sealed.");
        CheckComplaints(report, record, manifests);
        CoefficientCheck.Check(report, record, manifests);
    }

    // A custodian's blame for a bidder is judged again by what is public.
    private static void CheckComplaints(Report report, OpeningRecord record, Dictionary<Guid, BidManifest> manifests)
    {
        foreach (var complaint in record.Complaints ?? [])
        {
            var shown = complaint is { SharedPoint: { } point, Proof: { } proof } ? new ShareComplaint(point, proof) : null;
            if (!manifests.TryGetValue(complaint.BidId, out var manifest)) report.Unchecked("opening.complaint", $"The manifest of bid {complaint.BidId} is not known: the complaint about its share was not judged.");
            else report.Require(complaint.CustodianIndex >= 1 && complaint.CustodianIndex <= manifest.CustodianKeys.Count && ShareComplaint.Judge(manifest, complaint.Part, complaint.CustodianIndex, shown) == ComplaintVerdict.Upheld, "opening.complaint",
                $"That bid {complaint.BidId} sealed a wrong share to custodian {complaint.CustodianIndex} is shown.", $"That bid {complaint.BidId} sealed a wrong share to custodian {complaint.CustodianIndex} is not shown by what stands on the record.");
        }
    }

    private static void CheckWords(Report report, OpenedBid bid)
    {
        if (bid.Price is not null) report.Require(bid is { Verdict: null, Fact: null, Schedule: not null } && bid.Schedule.Price == bid.Price, "opening.price", $"The record contradicts itself on bid {bid.BidId}.");
        else report.Require(bid.Fact is not null && Verdicts.TryGetValue(bid.Fact, out var words) && words == (bid.Verdict, bid.Cause), "opening.verdict", $"Bid {bid.BidId} has the verdict {bid.Verdict} of {bid.Cause}, which the fact {bid.Fact} does not give.");
    }

    private static BidManifest? ReadManifest(Report report, OpenedBid bid, BidProof proof)
    {
        try { return BidManifest.Parse(Encoding.UTF8.GetBytes(proof.Manifest)); }
        catch (ManifestException e)
        {
            report.Bad(e.Code, $"The manifest of bid {bid.BidId}: {e.Message}");
            return null;
        }
    }

    private static async Task<bool> CheckBidAsync(Report report, OpeningRecord record, OpenedBid bid, BidManifest manifest, BidProof proof, Signers signers, ECDsa? receiptKey)
    {
        var whole = report.Require(manifest.Hash() == bid.ManifestHash, "opening.manifest", $"The manifest shown of bid {bid.BidId} is not the one on the record.")
            & report.Require((manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision) == (record.TenderId, record.LotId, bid.BidderId, bid.Revision), "opening.manifest", $"The manifest of bid {bid.BidId} is of another tender, lot, bidder or revision.")
            & CheckSignature(report, bid, manifest, proof.Signature, signers) & (receiptKey is null || CheckReceipt(report, record, bid, proof.Receipt, receiptKey));
        return await CheckPriceAsync(report, record, bid, manifest, proof) && whole;
    }

    private static bool CheckSignature(Report report, OpenedBid bid, BidManifest manifest, string base64, Signers signers) =>
        signers.Check("opening.signature", $"bid {bid.BidId}", manifest.Canonical(), base64, bid.BidderId, Time(bid.SubmittedAt)) is { } check
            && report.Require(check.SubjectOrganisation == bid.SocialCreditCode, "opening.signature", $"Bid {bid.BidId} is signed by {check.SubjectOrganisation}, not by its bidder.");

    private static bool CheckReceipt(Report report, OpeningRecord record, OpenedBid bid, string receipt, ECDsa receiptKey) =>
        report.Require(Receipt.Verify(receipt, receiptKey) is { } claims && (claims.Bid, claims.Tender, claims.Lot, claims.Bidder, claims.Revision, claims.ManifestHash, claims.Time)
            == (bid.BidId, record.TenderId, record.LotId, bid.BidderId, bid.Revision, bid.ManifestHash, Time(bid.SubmittedAt)), "opening.receipt", $"The receipt of bid {bid.BidId} is not signed, or says something else than the record.");

    private static async Task<bool> CheckPriceAsync(Report report, OpeningRecord record, OpenedBid bid, BidManifest manifest, BidProof proof)
    {
        var cipher = proof.PriceCiphertext is { } text ? LogBase64(text) : null;
        var key = bid.PriceKey is { } encoded ? Base64UrlText.TryDecode(encoded) : null;
        var part = manifest.Price;
        var matches = cipher is not null && cipher.Length == part.Length && BlockDigest.Of(cipher) == part.Digest;
        if (bid.Price is null)
        {
            await CheckNotOpenedAsync(report, record, bid, manifest, cipher, matches, key, proof.OfEvents);
            return false;
        }
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
    private static async Task CheckNotOpenedAsync(Report report, OpeningRecord record, OpenedBid bid, BidManifest manifest, byte[]? cipher, bool matches, byte[]? key, bool ofEvents)
    {
        bool? holds = bid.Fact switch
        {
            "ciphertext-missing" => cipher is null,
            "ciphertext-differs" => !matches,
            "ciphertext-broken" or "price-unreadable" or "currency-differs" => matches && key is not null && await FailureAsync(record, manifest, cipher!, key) == bid.Fact,
            _ => null,
        };
        if (holds is null) report.Note("opening.not-opened", $"Bid {bid.BidId} was not opened ({bid.Fact}); that cannot be seen from what is published.");
        else if (ofEvents) report.Unchecked("opening.not-opened", $"Bid {bid.BidId} was not opened ({bid.Fact}); its proof ({bid.BidId}.proof.json among the documents) would show whether that is so, events do not bring its ciphertext.");
        else report.Require(holds.Value, "opening.fact", $"Bid {bid.BidId} is said not to be opened for {bid.Fact}, which what is shown contradicts.");
    }

    // Null: the price opens, or the key is not the bid's.
    private static async Task<string?> FailureAsync(OpeningRecord record, BidManifest manifest, byte[] cipher, byte[] key)
    {
        try
        {
            var schedule = OpeningSchedule.Parse(await BidOpener.OpenAsync(manifest, SealedPart.Price, key, cipher), manifest);
            return schedule.Currency == record.Currency ? null : "currency-differs";
        }
        catch (StreamCipherException) { return "ciphertext-broken"; }
        catch (ScheduleException) { return "price-unreadable"; }
        catch (OpeningException) { return null; }
    }

    internal static DateTimeOffset Time(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : default;

    private static byte[]? LogBase64(string text)
    {
        try { return Convert.FromBase64String(text); }
        catch (FormatException) { return null; }
    }

    internal sealed record ClosingLine(Guid BidId, string ManifestHash);
}
