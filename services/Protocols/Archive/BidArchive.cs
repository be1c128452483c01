using System.Collections.ObjectModel;
using System.IO.Compression;
using System.Text;

namespace Tendering.Protocols;

/// <summary>A file of an archive: its name with <c>/</c> between folders, and its bytes unpacked.</summary>
public sealed record ArchivedFile(string Name, long Length);

/// <summary>
/// The plaintext of the part <c>files</c>: one ZIP (ISO/IEC 21320-1: stored or deflated, names in UTF-8, unencrypted). It comes from a stranger who
/// knows that officials will unpack it, so nothing of it is believed: names stay below the folder, sizes are counted while they flow.
/// </summary>
public static class BidArchive
{
    public const int FilesMax = 10_000;

    /// <summary>Bytes of all files together, unpacked.</summary>
    public const long UnpackedLengthMax = 4 * SealedPart.FilesLengthMax;

    /// <summary>How many times its own length an archive may unpack to, beyond a first <see cref="UnpackedLengthFree"/>.</summary>
    public const long RatioMax = 100;
    public const long UnpackedLengthFree = 16L * 1024 * 1024;

    private const int UnixTypeMask = 0xF000, UnixFile = 0x8000, UnixFolder = 0x4000, WindowsReparsePoint = 0x400;

    /// <summary>Packs a folder's files in the order of their names; a link or a name that could not be unpacked is an <see cref="ArchiveException"/> before a byte is written.</summary>
    public static async Task PackAsync(DirectoryInfo folder, Stream archive, CancellationToken cancellation = default)
    {
        var files = FilesOf(folder).Select(file => (File: file, Name: NameOf(folder, file))).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        RefuseCount(files.Count);
        ArchiveName.RefuseUnfit([.. files.Select(f => f.Name)]);
        await using var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8);
        foreach (var (file, name) in files)
        {
            await using var content = file.OpenRead();
            await using var entry = await zip.CreateEntry(name, await LevelForAsync(content, cancellation)).OpenAsync(cancellation);
            await content.CopyToAsync(entry, cancellation);
        }
    }

    /// <summary>What an archive says it holds, all of it checked but the contents; anything unfit is an <see cref="ArchiveException"/>.</summary>
    public static IReadOnlyList<ArchivedFile> List(Stream archive)
    {
        using var zip = Open(archive);
        return [.. FilesOf(zip, archive.Length).Select(file => new ArchivedFile(file.FullName, file.Length))];
    }

    /// <summary>Unpacks into a folder that is made here and must not exist; on an <see cref="ArchiveException"/> nothing is left of it.</summary>
    public static async Task<IReadOnlyList<ArchivedFile>> UnpackAsync(Stream archive, DirectoryInfo folder, CancellationToken cancellation = default)
    {
        await using var zip = Open(archive);
        var files = FilesOf(zip, archive.Length);
        if (folder.Exists || File.Exists(folder.FullName))
        {
            throw new IOException($"{folder.FullName} exists already: an archive is unpacked into a new folder.");
        }

        folder.Create();
        try
        {
            foreach (var file in files)
            {
                await UnpackAsync(file, PathOf(folder, file.FullName), cancellation);
            }
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }

        return [.. files.Select(file => new ArchivedFile(file.FullName, file.Length))];
    }

    /// <summary>All that unpacking would check, contents too, without writing a byte; what a crafted file makes the reader stumble over is an <see cref="ArchiveException"/> as well.</summary>
    public static async Task<IReadOnlyList<ArchivedFile>> CheckAsync(Stream archive, CancellationToken cancellation = default)
    {
        try
        {
            await using var zip = Open(archive);
            var files = FilesOf(zip, archive.Length);
            foreach (var file in files)
            {
                await FlowAsync(file, Stream.Null, cancellation);
            }

            return [.. files.Select(file => new ArchivedFile(file.FullName, file.Length))];
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "The archive cannot be read as a ZIP.", e);
        }
    }

    private static ZipArchive Open(Stream archive)
    {
        ZipDirectory.RefuseUnfit(archive);
        try
        {
            return new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true, Encoding.UTF8);
        }
        catch (InvalidDataException e)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "This is not a ZIP archive.", e);
        }
    }

    private static List<ZipArchiveEntry> FilesOf(ZipArchive zip, long archiveLength)
    {
        try
        {
            return Checked(zip.Entries, archiveLength);
        }
        catch (InvalidDataException e)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "The archive's directory cannot be read.", e);
        }
    }

    private static List<ZipArchiveEntry> Checked(ReadOnlyCollection<ZipArchiveEntry> entries, long archiveLength)
    {
        RefuseCount(entries.Count);
        var files = entries.Where(entry => !IsFolder(entry)).ToList();
        ArchiveName.RefuseUnfit([.. files.Select(file => file.FullName)]);
        if (entries.Where(IsFolder).FirstOrDefault(folder => folder.Length > 0 || !ArchiveName.IsFit(folder.FullName[..^1])) is not null)
        {
            throw new ArchiveException(ArchiveFault.Name, "A folder of the archive has a name or a content that it cannot have.");
        }

        Refuse(entries.Any(entry => !IsPlain(entry)), ArchiveFault.Link, "The archive holds a link or another thing that is neither file nor folder.");
        Refuse(files.Any(file => file.IsEncrypted), ArchiveFault.Encrypted, "The archive is itself encrypted.");

        // Before they are added up: sums of what a stranger wrote overflow.
        Refuse(
            files.Any(file => file.Length is < 0 or > UnpackedLengthMax || file.CompressedLength < 0 || file.CompressedLength > archiveLength),
            ArchiveFault.TooLarge, "A file of the archive is longer than all of it may be.");

        // Files that share compressed bytes unpack to more than any ratio of a single one tells.
        Refuse(files.Sum(file => file.CompressedLength) > archiveLength, ArchiveFault.TooLarge, "Files of the archive overlap.");
        var unpacked = files.Sum(file => file.Length);
        Refuse(
            unpacked > UnpackedLengthMax || unpacked > UnpackedLengthFree + (RatioMax * archiveLength), ArchiveFault.TooLarge,
            $"The archive of {archiveLength} bytes would unpack to {unpacked}.");
        return files;
    }

    // What is compressed already, as most bid documents are, would grow: its beginning tells.
    private static async Task<CompressionLevel> LevelForAsync(FileStream content, CancellationToken cancellation)
    {
        var beginning = new byte[64 * 1024];
        var length = await content.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellation);
        content.Position = 0;
        using var packed = new MemoryStream();
        await using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await deflate.WriteAsync(beginning.AsMemory(0, length), cancellation);
        }

        return packed.Length < length - (length / 16) ? CompressionLevel.Fastest : CompressionLevel.NoCompression;
    }

    private static async Task UnpackAsync(ZipArchiveEntry file, FileInfo target, CancellationToken cancellation)
    {
        target.Directory!.Create();
        await using var output = new FileStream(target.FullName, FileMode.CreateNew, FileAccess.Write);
        await FlowAsync(file, output, cancellation);
    }

    private static async Task FlowAsync(ZipArchiveEntry file, Stream output, CancellationToken cancellation)
    {
        var (crc, length, buffer) = (new Crc32(), 0L, new byte[128 * 1024]);
        try
        {
            await using var content = await file.OpenAsync(cancellation);
            while (await content.ReadAsync(buffer, cancellation) is var read and > 0)
            {
                // What the directory says was checked; what flows may be more.
                length += read;
                Refuse(length > file.Length, ArchiveFault.TooLarge, "A file of the archive is longer than its directory says.");
                crc.Append(buffer.AsSpan(0, read));
                await output.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ArchiveException(ArchiveFault.Malformed, "A file of the archive cannot be unpacked.", e);
        }

        Refuse(length != file.Length || crc.Value != file.Crc32, ArchiveFault.Malformed, "A file of the archive is not what its directory says.");
    }

    // The name is fit; that it cannot leave the folder is checked once more where the system itself says what a path means.
    private static FileInfo PathOf(DirectoryInfo folder, string name)
    {
        var root = Path.TrimEndingDirectorySeparator(folder.FullName) + Path.DirectorySeparatorChar;
        var path = Path.GetFullPath(Path.Combine(root, name));
        return path.StartsWith(root, StringComparison.Ordinal) ? new FileInfo(path) : throw new ArchiveException(ArchiveFault.Name, "A name of the archive leads out of the folder.");
    }

    private static IEnumerable<FileInfo> FilesOf(DirectoryInfo folder)
    {
        foreach (var item in folder.EnumerateFileSystemInfos())
        {
            // A link would put into the bid what lies elsewhere on the bidder's machine.
            Refuse(item.LinkTarget is not null, ArchiveFault.Link, $"{item.FullName} is a link.");
            foreach (var file in item is DirectoryInfo below ? FilesOf(below) : [(FileInfo)item])
            {
                yield return file;
            }
        }
    }

    private static string NameOf(DirectoryInfo folder, FileInfo file)
        => Path.GetRelativePath(folder.FullName, file.FullName).Replace(Path.DirectorySeparatorChar, '/').Normalize(NormalizationForm.FormC);

    private static bool IsFolder(ZipArchiveEntry entry) => entry.FullName.EndsWith('/');

    private static bool IsPlain(ZipArchiveEntry entry)
        => (entry.ExternalAttributes & WindowsReparsePoint) == 0 && ((entry.ExternalAttributes >> 16) & UnixTypeMask) is 0 or UnixFile or UnixFolder;

    private static void RefuseCount(int count) => Refuse(count > FilesMax, ArchiveFault.TooMany, $"An archive has at most {FilesMax} files.");

    private static void Refuse(bool unfit, string fault, string message)
    {
        if (unfit)
        {
            throw new ArchiveException(fault, message);
        }
    }
}
