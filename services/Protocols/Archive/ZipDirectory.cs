using System.Buffers.Binary;

namespace Tendering.Protocols;

/// <summary>
/// Looks at where a ZIP says its directory is before the framework reads it: the framework takes every entry into memory, and a directory of two
/// gigabytes would be forty million of them.
/// </summary>
internal static class ZipDirectory
{
    private const int EndLength = 22, CommentMax = ushort.MaxValue;
    private const uint EndSignature = 0x06054b50;
    private const long LengthMax = 16 * 1024 * 1024;

    public static void RefuseUnfit(Stream archive)
    {
        var tail = new byte[(int)Math.Min(archive.Length, EndLength + CommentMax)];
        archive.Position = archive.Length - tail.Length;
        archive.ReadExactly(tail);
        archive.Position = 0;
        var end = EndIn(tail) is { } at ? tail.AsSpan(at) : throw new ArchiveException(ArchiveFault.Malformed, "This is not a ZIP archive.");
        var endAt = archive.Length - end.Length;
        long entries = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]), length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]), start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[4..]) != 0 || BinaryPrimitives.ReadUInt16LittleEndian(end[8..]) != entries)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "The archive has several volumes.");
        }

        if (entries > BidArchive.FilesMax || length > LengthMax)
        {
            throw new ArchiveException(ArchiveFault.TooMany, $"An archive has at most {BidArchive.FilesMax} files.");
        }

        // The directory ends exactly where the end record begins: nothing hides between them, and reading it cannot run on.
        if (start + length != endAt)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "The archive's directory does not end where it says.");
        }
    }

    // The last signature whose comment reaches exactly to the end: two readings of one file would show two contents.
    private static int? EndIn(ReadOnlySpan<byte> tail)
    {
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) == EndSignature && BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length - at - EndLength)
            {
                return at;
            }
        }

        return null;
    }
}
