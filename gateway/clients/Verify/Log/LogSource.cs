using System.IO.Compression;
using Tendering.Protocols;

namespace Tendering.Verify.Log;

/// <summary>A checkpoint with its signatures, and the RFC 3161 token (DER) over its text; null: it is not there.</summary>
public sealed record Stamped(string Name, byte[] Checkpoint, byte[]? Token);

/// <summary>Where a log is read from: its address, or an export of the same files in a folder or a zip file.</summary>
public abstract class LogSource : ITileReader, IDisposable
{
    /// <summary>How many files are worth asking for at once.</summary>
    public abstract int AtOnce { get; }

    public static LogSource Open(string place)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return new HttpSource(url);
        if (Directory.Exists(place)) return new FolderSource(place);
        return File.Exists(place) ? new ZipSource(place) : throw new UsageException($"There is no log at '{place}'.");
    }

    /// <summary>The bytes at a path below the log's prefix; null: there is no such file.</summary>
    public abstract Task<byte[]?> ReadAsync(string path, CancellationToken ct);

    /// <summary>The time-stamped checkpoints and their tokens.</summary>
    public abstract Task<IReadOnlyList<Stamped>> TimestampsAsync(CancellationToken ct);

    /// <summary>A tile or bundle; a partial one may have given way to the full one (C2SP tlog-tiles), whose beginning it is.</summary>
    public async Task<byte[]?> ReadAsync(TileId tile, CancellationToken ct)
    {
        if (await ReadAsync(tile.Path, ct) is { } bytes) return bytes;
        if (tile.IsFull || await ReadAsync((tile with { Width = TileId.WidthMax }).Path, ct) is not { } full) return null;
        return tile.Level == TileId.Entries ? Beginning(full, tile.Width) : full[..Math.Min(full.Length, tile.Width * MerkleTree.HashLength)];
    }

    public async Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct)
    {
        var read = new Dictionary<TileId, byte[]>();
        foreach (var tile in tiles) if (await ReadAsync(tile, ct) is { } bytes) read.Add(tile, bytes);
        return read;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) { }

    /// <summary>As they lie in an export: <c>timestamps/NAME.checkpoint</c> and <c>timestamps/NAME.tst</c>.</summary>
    protected async Task<IReadOnlyList<Stamped>> NamedAsync(IEnumerable<string> names, CancellationToken ct)
    {
        var stamps = new List<Stamped>();
        foreach (var name in names.Order(StringComparer.Ordinal))
            stamps.Add(new Stamped(name, await ReadAsync($"timestamps/{name}.checkpoint", ct) ?? [], await ReadAsync($"timestamps/{name}.tst", ct)));
        return stamps;
    }

    private static byte[] Beginning(byte[] bundle, int count)
    {
        try { return EntryBundle.Encode([.. EntryBundle.Decode(bundle, TileId.WidthMax).Take(count).Select(entry => entry.ToArray())]); }
        catch (LogFormatException) { return bundle; }
    }
}

/// <summary>An export: the log's files in a folder.</summary>
public sealed class FolderSource(string folder) : LogSource
{
    public override int AtOnce => 4;

    public override async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        var file = Path.Combine(folder, path);
        return File.Exists(file) ? await File.ReadAllBytesAsync(file, ct) : null;
    }

    public override Task<IReadOnlyList<Stamped>> TimestampsAsync(CancellationToken ct)
    {
        var stamps = Path.Combine(folder, "timestamps");
        return NamedAsync(Directory.Exists(stamps) ? Directory.EnumerateFiles(stamps, "*.checkpoint").Select(Path.GetFileNameWithoutExtension).OfType<string>() : [], ct);
    }
}

/// <summary>An export: the log's files in a zip file, at its root.</summary>
public sealed class ZipSource(string file) : LogSource
{
    private readonly ZipArchive _zip = Unzip(file);
    private readonly SemaphoreSlim _turn = new(1, 1);

    public override int AtOnce => 2;

    public override async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_zip.GetEntry(path) is not { } entry) return null;
            await using var stream = await entry.OpenAsync(ct);
            return await Limited.ReadAsync(stream, ct);
        }
        finally { _turn.Release(); }
    }

    public override Task<IReadOnlyList<Stamped>> TimestampsAsync(CancellationToken ct) => NamedAsync(
        [.. _zip.Entries.Where(entry => entry.FullName.StartsWith("timestamps/", StringComparison.Ordinal) && entry.Name.EndsWith(".checkpoint", StringComparison.Ordinal)).Select(entry => Path.GetFileNameWithoutExtension(entry.Name))], ct);

    protected override void Dispose(bool disposing)
    {
        _zip.Dispose();
        _turn.Dispose();
        base.Dispose(disposing);
    }

    private static ZipArchive Unzip(string file)
    {
        try { return ZipFile.OpenRead(file); }
        catch (InvalidDataException e) { throw new UsageException($"'{file}' is neither a folder nor a zip file with a log's files: {e.Message}"); }
    }
}

/// <summary>Reads a log from elsewhere and keeps every file: an export to check again later without the log.</summary>
public sealed class SavingSource(LogSource source, string folder) : LogSource
{
    public override int AtOnce => source.AtOnce;

    public override async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        var bytes = await source.ReadAsync(path, ct);
        if (bytes is not null) await SaveAsync(path, bytes, ct);
        return bytes;
    }

    public override async Task<IReadOnlyList<Stamped>> TimestampsAsync(CancellationToken ct)
    {
        var stamps = await source.TimestampsAsync(ct);
        foreach (var stamp in stamps)
        {
            await SaveAsync($"timestamps/{stamp.Name}.checkpoint", stamp.Checkpoint, ct);
            if (stamp.Token is { } token) await SaveAsync($"timestamps/{stamp.Name}.tst", token, ct);
        }
        return stamps;
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }

    private async Task SaveAsync(string path, byte[] bytes, CancellationToken ct)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, bytes, ct);
    }
}

/// <summary>Whatever a server or an archive says of its length, no more is read than a bundle can have.</summary>
internal static class Limited
{
    public static async Task<byte[]> ReadAsync(Stream stream, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer, ct) is var read and > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > EntryBundle.BytesMax) throw new UnreachableException("A file is longer than any file of a log can be.");
        }
        return bytes.ToArray();
    }
}
