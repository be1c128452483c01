using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary><c>verify receipt RECEIPT [PROOF]</c>: the platform's signature on what it took, and that the log holds it.</summary>
public static class VerifyReceipt
{
    public static async Task<Report> RunAsync(Arguments arguments, CancellationToken ct)
    {
        var words = arguments.Words(1, 2);
        var (policy, keyFile, manifest, log, showProgress) = (arguments.Policy(), arguments.Value("--receipt-key"), arguments.Value("--manifest"), arguments.Value("--log"), arguments.ShowProgress);
        arguments.RefuseOthers();
        var report = new Report($"receipt {words[0]}");
        var (text, sent) = Read(words[0]);
        using var key = keyFile is not null ? Signatures.PublicKey(keyFile) : log is not null ? await LoggedReceiptKey.FindAsync(report, log, policy, showProgress, ct) : null;
        var claims = CheckSignature(report, text, key);
        if (claims is null) return report;
        if ((manifest is null ? sent : Arguments.Text(manifest)) is { } bytes)
            report.Require(HexText.Sha256(Encoding.UTF8.GetBytes(bytes)) == claims.ManifestHash, "receipt.manifest", "The receipt is of this manifest.", "The receipt is of another manifest.");
        if (words.Length == 1) report.Unchecked("receipt.proof", "No proof was given: that the log holds the submission is not shown.");
        else CheckProof(report, claims, Arguments.Text(words[1]), policy);
        return report;
    }

    // The receipt alone, or the answer of the platform with it.
    private static (string Receipt, string? Manifest) Read(string file)
    {
        var text = Arguments.Text(file).Trim();
        if (!text.StartsWith('{')) return (text, null);
        try
        {
            var answer = JsonNode.Parse(text);
            return ((string?)answer?["receipt"] ?? throw new UsageException($"'{file}' holds no receipt."), (string?)answer?["manifest"]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { throw new UsageException($"'{file}' holds no receipt: {e.Message}"); }
    }

    private static ReceiptClaims? CheckSignature(Report report, string receipt, ECDsa? key)
    {
        if (key is null)
        {
            report.Unchecked("receipt.signature", "No key of receipts is known (--receipt-key, or --log): who signed the receipt is not known.");
            return Unsigned(report, receipt);
        }
        var claims = Receipt.Verify(receipt, key);
        report.Require(claims is not null, "receipt.signature",
            string.Create(CultureInfo.InvariantCulture, $"The platform signed that it took revision {claims?.Revision} of bid {claims?.Bid} on {claims?.Time:yyyy-MM-dd HH:mm:ss.ffffff} UTC."), "The receipt is not signed by this key, or is no receipt.");
        return claims;
    }

    private static ReceiptClaims? Unsigned(Report report, string receipt)
    {
        try
        {
            if (receipt.Split('.') is [_, var payload, _] && Base64UrlText.TryDecode(payload) is { } bytes)
            {
                var claims = JsonSerializer.Deserialize<ReceiptClaims>(bytes, CanonicalJson.Options);
                if (claims is not null) return claims;
            }
        }
        catch (JsonException) { }
        report.Bad("receipt.malformed", "This is no receipt.");
        return null;
    }

    private static void CheckProof(Report report, ReceiptClaims claims, string text, LogPolicy? policy)
    {
        try
        {
            var proof = TlogProof.Parse(text);
            var checkpoint = Checkpoint.Parse(proof.Note.Text);
            Signatures.CheckCheckpoint(report, proof.Note, policy);
            var opening = proof.Extra is { } extra ? SecretOpening.TryParse(extra) : null;
            if (!report.Require(opening?.Entry() is not null, "proof.opening", "The proof does not bring the opening of a secret entry.")) return;
            report.Require(opening!.Leaf == proof.Index && proof.Includes(MerkleTree.LeafHash(opening.Entry()!)), "proof.inclusion",
                $"Entry {proof.Index} of {checkpoint.Origin} closes over the submission, and the log of {checkpoint.Size} entries holds it.", "The log of the checkpoint does not hold the entry that closes over this event.");
            CheckFace(report, claims, opening.Face);
        }
        catch (LogFormatException e) { report.Bad(e.Code, e.Message); }
    }

    private static void CheckFace(Report report, ReceiptClaims claims, string face)
    {
        try
        {
            var node = JsonNode.Parse(face)!;
            var payload = node["payload"]!;
            var same = (string?)node["type"] is "bidding.bid-submitted" or "bidding.bid-replaced"
                && Id(payload["bidId"]) == claims.Bid && Id(payload["tenderId"]) == claims.Tender && Id(payload["lotId"]) == claims.Lot && Id(payload["bidderId"]) == claims.Bidder
                && (int?)payload["revision"] == claims.Revision && (string?)payload["manifestHash"] == claims.ManifestHash
                && ((DateTimeOffset?)(payload["submittedAt"] ?? payload["replacedAt"])) == claims.Time;
            report.Require(same, "proof.event", "The event in the log says what the receipt says: bid, tender, lot, bidder, revision, manifest and time.", "The event in the log does not say what the receipt says.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException) { report.Bad("proof.event", "The event in the log cannot be read."); }
    }

    private static Guid? Id(JsonNode? node) => Guid.TryParse((string?)node, out var id) ? id : null;
}
