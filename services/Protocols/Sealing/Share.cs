namespace Tendering.Protocols;

/// <summary>One custodian's share of a key: the x of its point (1 to 255) and the y of each byte.</summary>
public readonly record struct Share(byte Index, byte[] Value)
{
    /// <summary>The index byte, then the value: what a share's hash is taken of and what is sealed to its custodian.</summary>
    public byte[] Encode() => [Index, .. Value];

    /// <summary>Reads <see cref="Encode"/>'s form; index zero or an empty value is refused with an <see cref="ArgumentException"/>.</summary>
    public static Share Decode(ReadOnlySpan<byte> encoded)
        => encoded.Length > 1 && encoded[0] != 0
            ? new Share(encoded[0], encoded[1..].ToArray())
            : throw new ArgumentException("Not a share.", nameof(encoded));

    public bool Equals(Share other) => Index == other.Index && Value.AsSpan().SequenceEqual(other.Value);

    public override int GetHashCode() => Index;

    // The printed form of a record shows its fields: a share must not reach a log.
    public override string ToString() => $"Share {Index}";
}
