using System.Text;

namespace Tendering.Protocols;

/// <summary>A proof to keep (C2SP tlog-proof, extension <c>.tlog-proof</c>): where an entry lies, how it hangs together with a checkpoint, and the checkpoint with its signatures.</summary>
/// <param name="Extra">The sender's own; nothing vouches for it.</param>
public sealed record TlogProof(long Index, IReadOnlyList<byte[]> Proof, SignedNote Note, byte[]? Extra = null)
{
    public const int BytesMax = 4 * SignedNote.BytesMax;
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const int ProofMax = 63;

    public static TlogProof Parse(string text)
    {
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (text.Length > BytesMax || end < 0)
        {
            throw Malformed("has no empty line before its checkpoint");
        }

        var lines = text[..end].Split('\n');
        var extra = lines.Length > 1 && lines[1].StartsWith("extra ", StringComparison.Ordinal) ? LogText.Base64(lines[1][6..]) ?? throw Malformed("has extra data that are not base64") : null;
        var at = extra is null ? 1 : 2;
        if (lines[0] != Header || lines.Length <= at || !lines[at].StartsWith("index ", StringComparison.Ordinal) || LogText.Number(lines[at][6..]) is not { } index)
        {
            throw Malformed("has another header, or no index");
        }

        var proof = lines[(at + 1)..].Select(LogText.Hash).ToArray();
        return proof.Length <= ProofMax && proof.All(hash => hash is not null)
            ? new TlogProof(index, proof!, SignedNote.Parse(text[(end + 2)..]), extra)
            : throw Malformed("has a line that is no hash");
    }

    /// <summary>Is this the leaf at the proof's index of the tree that the proof's own checkpoint states? Says nothing of who signed it.</summary>
    public bool Includes(ReadOnlySpan<byte> leafHash)
        => Checkpoint.Parse(Note.Text) is var checkpoint && MerkleTree.VerifyInclusion(Index, checkpoint.Size, leafHash, Proof, checkpoint.Root);

    public override string ToString()
    {
        var text = new StringBuilder(Header).Append('\n');
        _ = Extra is null ? text : text.Append("extra ").Append(Convert.ToBase64String(Extra)).Append('\n');
        text.Append("index ").Append(LogText.Decimal(Index)).Append('\n');
        foreach (var hash in Proof)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    private static LogFormatException Malformed(string what) => new("proof.malformed", $"The proof {what}.");
}
