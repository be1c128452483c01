using System.Globalization;

namespace Tendering.Protocols;

/// <summary>A tile of hashes or a bundle of entries, by level, index and width (C2SP tlog-tiles).</summary>
/// <param name="Level">0 holds leaf hashes; each hash of a higher level is the root of a full tile below; <see cref="Entries"/> is a bundle.</param>
/// <param name="Width">Hashes or entries in it: 256, or fewer in the last one.</param>
public readonly record struct TileId(int Level, long Index, int Width)
{
    public const int WidthMax = 256;
    public const int Entries = -1;
    private const int LevelMax = 63, Bits = 8;

    public bool IsFull => Width == WidthMax;

    /// <summary>The path below the log's prefix, such as <c>tile/0/x001/x234/067.p/8</c> or <c>tile/entries/000</c>.</summary>
    public string Path
    {
        get
        {
            var name = (Index % 1000).ToString("000", CultureInfo.InvariantCulture);
            for (var rest = Index / 1000; rest > 0; rest /= 1000)
            {
                name = $"x{(rest % 1000).ToString("000", CultureInfo.InvariantCulture)}/{name}";
            }

            return $"tile/{(Level == Entries ? "entries" : LogText.Decimal(Level))}/{name}{(IsFull ? "" : $".p/{LogText.Decimal(Width)}")}";
        }
    }

    /// <summary>The tile that a path names, or null for a path in any other form.</summary>
    public static TileId? TryParse(string path)
    {
        var parts = path.Split('/');
        if (parts.Length is < 3 or > 12 || parts[0] != "tile" || (parts[1] != "entries" && LogText.Number(parts[1]) is not <= LevelMax))
        {
            return null;
        }

        var (last, width) = (parts.Length - 1, (long)WidthMax);
        if (parts[last - 1].EndsWith(".p", StringComparison.Ordinal))
        {
            if (LogText.Number(parts[last]) is not (> 0 and < WidthMax and var partial))
            {
                return null;
            }

            (parts[last - 1], last, width) = (parts[last - 1][..^2], last - 1, partial);
        }

        UInt128 index = 0;
        for (var i = 2; i <= last; i++)
        {
            var digits = i < last ? (parts[i].StartsWith('x') ? parts[i][1..] : "") : parts[i];
            if (digits.Length != 3 || !digits.All(char.IsAsciiDigit) || index > long.MaxValue)
            {
                return null;
            }

            index = (index * 1000) + uint.Parse(digits, CultureInfo.InvariantCulture);
        }

        if (index > long.MaxValue)
        {
            return null;
        }

        // A leading x000 would give one tile two paths.
        var tile = new TileId(parts[1] == "entries" ? Entries : int.Parse(parts[1], CultureInfo.InvariantCulture), (long)index, (int)width);
        return tile.Path == path ? tile : null;
    }

    /// <summary>The tile that holds the hash (or the entry) number <paramref name="index"/> of the level, as it is when the log has <paramref name="size"/> entries.</summary>
    public static TileId Holding(int level, long index, long size)
    {
        var tile = index / WidthMax;
        return new TileId(level, tile, (int)Math.Min(WidthMax, CountAt(level, size) - (tile * WidthMax)));
    }

    /// <summary>All tiles of hashes (from level 0 up) or, by <paramref name="entries"/>, all bundles that hold what came between two sizes; partial ones as of the new size.</summary>
    public static IEnumerable<TileId> Between(long oldSize, long newSize, bool entries = false)
    {
        for (var level = entries ? Entries : 0; level <= (entries ? Entries : LevelMax / Bits); level++)
        {
            var (before, count) = (CountAt(level, oldSize), CountAt(level, newSize));
            for (var index = before / WidthMax; before < count && index * WidthMax < count; index++)
            {
                yield return Holding(level, index * WidthMax, newSize);
            }
        }
    }

    /// <summary>How many hashes the level has when the log has this many entries.</summary>
    public static long CountAt(int level, long size) => level <= 0 ? size : level * Bits > LevelMax - 1 ? 0 : size >> (level * Bits);

    public override string ToString() => Path;
}
