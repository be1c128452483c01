using System.Text;
using System.Text.Json;

namespace Tendering.Protocols;

/// <summary>Holds a bid's receipt against the audit log's proof of its submission (docs/formats/log-entries.md): who has both knows that the platform can no longer drop the bid unseen.</summary>
public static class ReceiptProof
{
    private const string Source = "bidding";

    /// <summary>
    /// The checkpoint under which the log holds this submission. A <see cref="ReceiptProofException"/> says what does not fit; a text that is no proof at all is a
    /// <see cref="LogFormatException"/>.
    /// </summary>
    public static Checkpoint Check(string tlogProof, ReceiptClaims receipt, LogPolicy policy)
    {
        var proof = TlogProof.Parse(tlogProof);
        var opening = OpeningIn(proof);
        Require(Speaks(opening.Face, receipt), "proof.other-bid", "The proof is of another submission than the receipt's.");
        Require(opening.Leaf == proof.Index && proof.Includes(MerkleTree.LeafHash(SecretTree.Entry(opening.Root()))), "proof.not-included", "The submission is not in the tree that the checkpoint states.");
        Require(policy.Check(proof.Note).IsGood, "proof.not-signed", "The checkpoint lacks the signature of the log, or of enough witnesses.");
        return Checkpoint.Parse(proof.Note.Text);
    }

    private static bool Speaks(string face, ReceiptClaims receipt)
    {
        try
        {
            using var json = JsonDocument.Parse(face);
            var payload = json.RootElement.GetProperty("payload");
            return json.RootElement.GetProperty("source").GetString() == Source
                && payload.GetProperty("bidId").GetGuid() == receipt.Bid && payload.GetProperty("lotId").GetGuid() == receipt.Lot
                && payload.GetProperty("bidderId").GetGuid() == receipt.Bidder && payload.GetProperty("revision").GetInt32() == receipt.Revision
                && payload.GetProperty("manifestHash").GetString() == receipt.ManifestHash && payload.GetProperty("submittedAt").GetDateTimeOffset() == receipt.Time;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static SecretOpening OpeningIn(TlogProof proof)
    {
        try
        {
            var shown = CanonicalJson.Deserialize<Shown>(proof.Extra ?? []);
            var path = shown.Path.Select(hash => HexText.TryDecode(hash, MerkleTree.HashLength)).ToArray();
            if (path.Length == SecretTree.Depth && path.All(hash => hash is not null) && HexText.TryDecode(shown.Salt, SecretTree.SaltLength) is { } salt)
            {
                return new SecretOpening(shown.Face, shown.Leaf, shown.Position, path!, salt);
            }
        }
        catch (JsonException e)
        {
            throw new ReceiptProofException("proof.opening", "The proof brings no opening of a secret entry.", e);
        }

        throw new ReceiptProofException("proof.opening", "The proof's opening is not that of a secret entry.");
    }

    private static void Require(bool holds, string code, string message)
    {
        if (!holds)
        {
            throw new ReceiptProofException(code, message);
        }
    }

    private sealed record Shown(string Face, long Leaf, string[] Path, uint Position, string Salt);
}

/// <summary>A proof that does not show what a receipt says: <c>proof.opening</c>, <c>proof.other-bid</c>, <c>proof.not-included</c> or <c>proof.not-signed</c>.</summary>
public sealed class ReceiptProofException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);
