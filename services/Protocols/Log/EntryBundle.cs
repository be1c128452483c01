using System.Buffers.Binary;

namespace Tendering.Protocols;

/// <summary>Up to 256 entries in a row, each after its length as a big-endian uint16 (C2SP tlog-tiles).</summary>
public static class EntryBundle
{
    public const int EntryBytesMax = ushort.MaxValue;

    /// <summary>The longest bundle there can be.</summary>
    public const int BytesMax = TileId.WidthMax * (2 + EntryBytesMax);

    public static byte[] Encode(IReadOnlyCollection<byte[]> entries)
    {
        var bundle = new byte[entries.Sum(entry => 2 + entry.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            if (entry.Length > EntryBytesMax)
            {
                throw new ArgumentException($"An entry has {entry.Length} bytes; {EntryBytesMax} is the most.", nameof(entries));
            }

            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), (ushort)entry.Length);
            entry.CopyTo(bundle, at + 2);
            at += 2 + entry.Length;
        }

        return bundle;
    }

    /// <summary>The entries of a bundle that must hold exactly <paramref name="count"/>; anything else is refused with a <see cref="LogFormatException"/>.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Decode(ReadOnlyMemory<byte> bundle, int count)
    {
        var entries = new List<ReadOnlyMemory<byte>>(count);
        while (!bundle.IsEmpty && entries.Count < count)
        {
            var length = bundle.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(bundle.Span) : int.MaxValue;
            if (bundle.Length - 2 < length)
            {
                throw new LogFormatException("bundle.malformed", "An entry ends after its bundle.");
            }

            entries.Add(bundle.Slice(2, length));
            bundle = bundle[(2 + length)..];
        }

        return entries.Count == count && bundle.IsEmpty ? entries : throw new LogFormatException("bundle.length", $"The bundle does not hold exactly {count} entries.");
    }
}
