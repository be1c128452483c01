namespace Tendering.Protocols;

/// <summary>A log's state in a note's text (C2SP tlog-checkpoint): origin, number of entries, root, and lines of the log's own.</summary>
public sealed record Checkpoint
{
    private Checkpoint(string origin, long size, byte[] root, IReadOnlyList<string> extensions)
        => (Origin, Size, Root, Extensions) = (origin, size, root, extensions);

    public string Origin { get; }

    public long Size { get; }

    public byte[] Root { get; }

    public IReadOnlyList<string> Extensions { get; }

    /// <summary>What is signed; its first three lines are what C2SP asks for.</summary>
    public string Text => $"{Origin}\n{LogText.Decimal(Size)}\n{Convert.ToBase64String(Root)}\n" + string.Concat(Extensions.Select(line => line + "\n"));

    public static Checkpoint Of(string origin, long size, byte[] root)
        => NoteKey.IsName(origin) && size >= 0 && root.Length == MerkleTree.HashLength
            ? new Checkpoint(origin, size, root, [])
            : throw new ArgumentException("Not an origin, size and root of a checkpoint.");

    public static Checkpoint Parse(string text)
    {
        var lines = text.Length > 0 && text[^1] == '\n' ? text[..^1].Split('\n') : [];
        return lines.Length >= 3 && lines.All(line => line.Length > 0) && LogText.Number(lines[1]) is { } size && LogText.Hash(lines[2]) is { } root
            ? new Checkpoint(lines[0], size, root, lines[3..])
            : throw new LogFormatException("checkpoint.malformed", "The text is not a checkpoint: origin, size and root, each on its line.");
    }

    public bool SameTree(Checkpoint other) => Size == other.Size && Root.AsSpan().SequenceEqual(other.Root);

    /// <summary>Signed by its log.</summary>
    public SignedNote Sign(NoteSigner log) => new(Text, [log.Sign(Text)]);

    /// <summary>Reads a checkpoint that this key must have signed and whose origin is the key's name; anything else is refused with a <see cref="LogFormatException"/>.</summary>
    public static Checkpoint Open(SignedNote note, NoteKey log)
    {
        var checkpoint = Parse(note.Text);
        if (checkpoint.Origin != log.Name)
        {
            throw new LogFormatException("checkpoint.origin", $"The checkpoint is of '{checkpoint.Origin}', not of '{log.Name}'.");
        }

        return note.Check(log).IsBy(log) ? checkpoint : throw new LogFormatException("checkpoint.signature", "The log's key did not sign the checkpoint.");
    }
}
