namespace Tendering.Protocols;

/// <summary>The checksum of a ZIP's files (ISO 3309, reflected 0xedb88320): against accidents, not against forgers.</summary>
internal struct Crc32()
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(n =>
    {
        var c = (uint)n;
        for (var bit = 0; bit < 8; bit++)
        {
            c = (c & 1) == 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
        }

        return c;
    })];

    private uint state = uint.MaxValue;

    public readonly uint Value => ~state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            state = Table[(byte)(state ^ b)] ^ (state >> 8);
        }
    }
}
