namespace Tendering.Protocols;

/// <summary>What a log asks of a witness (C2SP tlog-witness, <c>add-checkpoint</c>): the size it last cosigned, the proof from there, and the new checkpoint.</summary>
public sealed record WitnessRequest(long OldSize, IReadOnlyList<byte[]> Proof, SignedNote Checkpoint)
{
    public const int ProofMax = 63;
    public const int BytesMax = SignedNote.BytesMax + 4096;

    /// <summary>The type of an answer 409, whose body is the size that the witness last cosigned.</summary>
    public const string SizeContentType = "text/x.tlog.size";

    public byte[] ToBytes() => LogText.Encode($"old {LogText.Decimal(OldSize)}\n{string.Concat(Proof.Select(hash => Convert.ToBase64String(hash) + "\n"))}\n{Checkpoint}");

    public static WitnessRequest Parse(ReadOnlySpan<byte> body)
    {
        var text = body.Length <= BytesMax ? LogText.Decode(body, "witness.malformed") : throw Malformed("is too long");
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = end < 0 ? throw Malformed("has no empty line before the checkpoint") : text[..end].Split('\n');
        var size = lines[0].StartsWith("old ", StringComparison.Ordinal) ? LogText.Number(lines[0][4..]) : null;
        var proof = lines[1..].Select(LogText.Hash).ToArray();
        return size is { } old && proof.Length <= ProofMax && proof.All(hash => hash is not null)
            ? new WitnessRequest(old, proof!, SignedNote.Parse(text[(end + 2)..]))
            : throw Malformed("is not an old size and at most 63 hashes");
    }

    /// <summary>The size in the body of an answer 409, or null.</summary>
    public static long? ParseSize(string body) => body.Length > 0 && body[^1] == '\n' ? LogText.Number(body[..^1]) : null;

    public static string SizeBody(long size) => LogText.Decimal(size) + "\n";

    private static LogFormatException Malformed(string what) => new("witness.malformed", $"The request {what}.");
}
