using System.Buffers.Binary;

namespace Tendering.Protocols;

/// <summary>One signature line of a note: who says to have signed, with which key, and the signature without the key's id.</summary>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Bytes)
{
    private const string Start = "\u2014 ";

    /// <summary>The line with its newline.</summary>
    public override string ToString()
    {
        var bytes = new byte[4 + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Bytes.CopyTo(bytes, 4);
        return $"{Start}{Name} {Convert.ToBase64String(bytes)}\n";
    }

    public bool IsOf(NoteKey key) => KeyId == key.Id && Name == key.Name;

    /// <summary>Reads signature lines, such as a witness answers with; at least one.</summary>
    public static IReadOnlyList<NoteSignature> ParseLines(string lines)
    {
        if (lines.Length == 0 || lines[^1] != '\n' || lines.Length > SignedNote.BytesMax)
        {
            throw Malformed();
        }

        var signatures = lines[..^1].Split('\n').Select(Parse).ToArray();
        return signatures.Length <= SignedNote.SignaturesMax ? signatures : throw new LogFormatException("note.signatures", "The note has too many signatures.");
    }

    private static NoteSignature Parse(string line)
    {
        var parts = line.StartsWith(Start, StringComparison.Ordinal) ? line[Start.Length..].Split(' ') : [];
        return parts.Length == 2 && NoteKey.IsName(parts[0]) && LogText.Base64(parts[1]) is { Length: > 4 } bytes
            ? new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..])
            : throw Malformed();
    }

    private static LogFormatException Malformed() => new("note.malformed", "A signature line is not of the form '\u2014 name base64'.");
}

/// <summary>A text that keys have signed (C2SP signed-note). Nothing it says counts before <see cref="Check"/>.</summary>
/// <param name="Text">With its last newline.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    public const int BytesMax = 64 * 1024;
    public const int SignaturesMax = 64;

    public static SignedNote Parse(ReadOnlySpan<byte> note)
        => note.Length <= BytesMax ? Parse(LogText.Decode(note, "note.malformed")) : throw new LogFormatException("note.malformed", "The note is too long.");

    public static SignedNote Parse(string note)
    {
        if (note.Length > BytesMax || note.Any(c => c < ' ' && c != '\n'))
        {
            throw new LogFormatException("note.malformed", "The note is too long or holds control characters.");
        }

        // The text may hold empty lines: the last one of all parts it from the signatures.
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        return end >= 0
            ? new SignedNote(note[..(end + 1)], NoteSignature.ParseLines(note[(end + 2)..]))
            : throw new LogFormatException("note.malformed", "No empty line parts the text from signatures.");
    }

    public SignedNote With(NoteSignature signature) => this with { Signatures = [.. Signatures, signature] };

    /// <summary>Which of these keys signed, and for which of them a signature is wrong; signatures of other keys are ignored.</summary>
    public NoteCheck Check(params IEnumerable<NoteKey> keys)
    {
        var found = keys.SelectMany(key => Signatures.Where(signature => signature.IsOf(key)).Select(signature => (Key: key, Signature: signature)))
            .Where(pair => pair.Key.Kind != NoteKeyKind.Other)
            .Select(pair => (pair.Key, pair.Signature, Good: pair.Key.Verify(Text, pair.Signature.Bytes))).ToArray();
        var wrong = found.Where(pair => !pair.Good).Select(pair => pair.Key).Distinct().ToArray();
        return new NoteCheck([.. found.Where(pair => pair.Good && !wrong.Contains(pair.Key)).DistinctBy(pair => pair.Key).Select(pair => new GoodSignature(pair.Key, pair.Key.TimeOf(pair.Signature.Bytes)))], wrong);
    }

    public override string ToString() => Text + "\n" + string.Concat(Signatures);

    public byte[] ToBytes() => LogText.Encode(ToString());
}

/// <summary>A key that signed, and when it says that it did, if its signatures tell (cosignatures do).</summary>
public sealed record GoodSignature(NoteKey Key, DateTimeOffset? Time);

/// <summary>A note with a wrong signature of a known key should be refused whole, says C2SP; what a verdict is made of is the caller's.</summary>
public sealed record NoteCheck(IReadOnlyList<GoodSignature> Good, IReadOnlyList<NoteKey> Wrong)
{
    /// <summary>Signed by this key, and by no known key wrongly.</summary>
    public bool IsBy(NoteKey key) => Wrong.Count == 0 && Good.Any(signature => signature.Key.Equals(key));
}
