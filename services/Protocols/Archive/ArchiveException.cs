namespace Tendering.Protocols;

/// <summary>An archive that is not packed or unpacked; the codes are constants of <see cref="ArchiveFault"/>.</summary>
public sealed class ArchiveException(string code, string message, Exception? inner = null) : ProtocolException(code, message, inner);

/// <summary>Why an archive is refused.</summary>
public static class ArchiveFault
{
    /// <summary>Not a ZIP of one part with stored or deflated files, or its content is not what its directory says.</summary>
    public const string Malformed = "archive.malformed";
    public const string Encrypted = "archive.encrypted";
    public const string Name = "archive.name";
    public const string Duplicate = "archive.duplicate";

    /// <summary>A symbolic link, device or other thing that is neither file nor folder.</summary>
    public const string Link = "archive.link";
    public const string TooMany = "archive.too-many";

    /// <summary>Would unpack to more than is allowed, in all or for its length: a bomb.</summary>
    public const string TooLarge = "archive.too-large";
}
