namespace Tendering.Protocols;

/// <summary>The two parts of a sealed bid, in the manifest's order.</summary>
public static class SealedPart
{
    /// <summary>The opening schedule as canonical JSON.</summary>
    public const string Price = "price";

    /// <summary>Everything else, as one archive.</summary>
    public const string Files = "files";

    /// <summary>Bytes of the price part before encryption.</summary>
    public const long PriceLengthMax = 64 * 1024;

    /// <summary>Bytes of the files part before encryption: 2 GiB.</summary>
    public const long FilesLengthMax = 2L * 1024 * 1024 * 1024;

    public static IReadOnlyList<string> All { get; } = [Price, Files];

    /// <summary>Most bytes of a part before encryption.</summary>
    public static long LengthMax(string part) => part == Price ? PriceLengthMax : FilesLengthMax;
}
