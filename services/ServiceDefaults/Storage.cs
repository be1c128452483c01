using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Tendering.ServiceDefaults;

/// <summary>Where large content lies, by key. A key is lower-case path segments; nothing outside the store can be named by one.</summary>
public interface IBlobStore
{
    /// <summary>Writes at an offset and returns when the bytes are on disk.</summary>
    Task WriteAsync(string key, long offset, Stream content, long lengthMax, CancellationToken ct);
    Stream? OpenRead(string key);
    long? Length(string key);
    void Delete(string key);
}

/// <summary>A folder as the store: enough for one machine or a shared volume.</summary>
public sealed partial class FolderBlobStore(IConfiguration configuration) : IBlobStore
{
    private readonly string _root = Path.GetFullPath(configuration["Storage:Folder"] ?? throw new InvalidOperationException("Storage:Folder is not set."));

    public async Task WriteAsync(string key, long offset, Stream content, long lengthMax, CancellationToken ct)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1, FileOptions.Asynchronous);
        file.Seek(offset, SeekOrigin.Begin);
        var buffer = new byte[81_920];
        long written = 0;
        for (int read; (read = await content.ReadAsync(buffer, ct)) > 0;)
        {
            written += read;
            Rule.Require(written <= lengthMax, "content-too-long", $"More than the {lengthMax} bytes that were announced.");
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }
        file.Flush(flushToDisk: true);
    }

    public Stream? OpenRead(string key) =>
        File.Exists(PathOf(key)) ? new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 81_920, FileOptions.Asynchronous) : null;

    public long? Length(string key) => new FileInfo(PathOf(key)) is { Exists: true } file ? file.Length : null;

    public void Delete(string key)
    {
        if (File.Exists(PathOf(key))) File.Delete(PathOf(key));
    }

    private string PathOf(string key)
    {
        if (!KeyForm().IsMatch(key)) throw new ArgumentException("Not a storage key.", nameof(key));
        return Path.Combine(_root, key);
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,80}(/[a-z0-9-]{1,80}){0,3}\z")]
    private static partial Regex KeyForm();
}
