using System.Buffers;
using System.Text;

namespace Tendering.Protocols;

/// <summary>
/// Which names may stand in a bid's archive: relative, with <c>/</c> between folders, in Unicode NFC, and such that every system can hold them, none reads one
/// as a device, a stream or another folder, and no eye reads one otherwise than it is written.
/// </summary>
public static class ArchiveName
{
    /// <summary>UTF-8 bytes of a whole name, and of what stands between two slashes.</summary>
    public const int BytesMax = 1_000, SegmentBytesMax = 255;

    /// <summary>Folders and the file's own name.</summary>
    public const int DepthMax = 16;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Concat(Enumerable.Range(0x202a, 5)).Concat(Enumerable.Range(0x2066, 4)).Select(c => (char)c),
            .. "\\:*?\"<>|\u200e\u200f\ufeff"]);

    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            .. from device in new[] { "COM", "LPT" } from number in "0123456789¹²³" select device + number,
        ],
        StringComparer.OrdinalIgnoreCase);

    public static bool IsFit(string name)
        => IsUnicode(name) && name.IsNormalized(NormalizationForm.FormC) && !name.AsSpan().ContainsAny(Forbidden) && Encoding.UTF8.GetByteCount(name) <= BytesMax
            && name.Split('/') is { Length: <= DepthMax } segments && segments.All(IsFitSegment);

    /// <summary>An <see cref="ArchiveException"/> for the first unfit name, or for two of which one would replace the other: equal but for case, or a file that is also a folder.</summary>
    public static void RefuseUnfit(IReadOnlyCollection<string> names)
    {
        if (names.FirstOrDefault(name => !IsFit(name)) is { } unfit)
        {
            throw new ArchiveException(ArchiveFault.Name, $"The name {Shown(unfit)} cannot stand in an archive.");
        }

        var files = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (names.FirstOrDefault(name => !files.Add(name)) is { } twice)
        {
            throw new ArchiveException(ArchiveFault.Duplicate, $"{Shown(twice)} stands twice in the archive, or once more in another case.");
        }

        if (names.SelectMany(FoldersOf).FirstOrDefault(files.Contains) is { } both)
        {
            throw new ArchiveException(ArchiveFault.Duplicate, $"{Shown(both)} is a file and a folder of the archive.");
        }
    }

    private static bool IsFitSegment(string segment)
        => segment is not ("" or "." or "..") && !segment.StartsWith(' ') && !segment.EndsWith(' ') && !segment.EndsWith('.')
            && Encoding.UTF8.GetByteCount(segment) <= SegmentBytesMax && !Devices.Contains(segment.Split('.')[0].TrimEnd(' '));

    private static IEnumerable<string> FoldersOf(string name)
        => Enumerable.Range(0, name.Length).Where(at => name[at] == '/').Select(at => name[..at]);

    private static bool IsUnicode(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsSurrogatePair(text, at))
            {
                at++;
            }
            else if (char.IsSurrogate(text[at]))
            {
                return false;
            }
        }

        return true;
    }

    // What is quoted in a message must not play tricks there either.
    private static string Shown(string name) => $"'{string.Concat(name.Take(80).Select(c => char.IsControl(c) || Forbidden.Contains(c) || char.IsSurrogate(c) ? '?' : c))}'";
}
