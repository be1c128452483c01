using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Tendering.ServiceDefaults;

/// <summary>Where large content lies, by key. A key is lower-case path segments; nothing outside the store can be named by one.</summary>
public interface IBlobStore
{
    /// <summary>Writes at an offset, at most where the content ends so far; what lay behind the end of what is written may be gone. It is safe only after <see cref="FlushAsync"/>.</summary>
    Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Asks, before anything is written, whether the caller still may: where a store can, nobody else writes between the question and the end of the write, who tries gets a <see cref="ContentBusyException"/>.</summary>
    async Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, Func<Task> requireAllowed, CancellationToken ct)
    {
        await requireAllowed();
        await WriteAsync(key, offset, content, ct);
    }

    /// <summary>Returns when everything that was written is on disk.</summary>
    Task FlushAsync(string key, CancellationToken ct);

    /// <summary>The content from an offset on, or null where there is none.</summary>
    Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct);

    Task<long?> LengthAsync(string key, CancellationToken ct);

    /// <summary>What is not there is deleted already.</summary>
    Task DeleteAsync(string key, CancellationToken ct);
}

/// <summary>Somebody else writes to the content at this moment.</summary>
public sealed class ContentBusyException(Exception inner) : IOException("Somebody else writes to the content at this moment.", inner);

public static partial class Storage
{
    private const int Piece = 1024 * 1024;

    /// <summary>The store that configuration asks for: a bucket if it names one, else a folder.</summary>
    public static IBlobStore From(IConfiguration configuration) => configuration["Storage:Bucket"] is { Length: > 0 } ? new S3BlobStore(configuration) : new FolderBlobStore(configuration);

    public static Task<Stream?> OpenReadAsync(this IBlobStore store, string key, CancellationToken ct) => store.OpenReadAsync(key, 0, ct);

    /// <summary>Writes a whole content in pieces and returns when it is on disk.</summary>
    public static async Task WriteAsync(this IBlobStore store, string key, Stream content, long lengthMax, CancellationToken ct)
    {
        var buffer = new byte[Piece];
        long written = 0;
        for (int read; (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct)) > 0; written += read)
        {
            Rule.Require(written + read <= lengthMax, "content-too-long", $"More than the {lengthMax} bytes that were announced.");
            await store.WriteAsync(key, written, buffer.AsMemory(0, read), ct);
        }
        if (written == 0) await store.WriteAsync(key, 0, ReadOnlyMemory<byte>.Empty, ct);
        await store.FlushAsync(key, ct);
    }

    internal static void RequireKey(string key)
    {
        if (!KeyForm().IsMatch(key)) throw new ArgumentException("Not a storage key.", nameof(key));
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,80}(/[a-z0-9-]{1,80}){0,3}\z")]
    private static partial Regex KeyForm();
}

/// <summary>A folder as the store: enough for one machine or a shared volume.</summary>
public sealed partial class FolderBlobStore(IConfiguration configuration) : IBlobStore
{
    private const int ReadWriteCloseOnExec = 0x80002, WouldBlock = 11, SharingViolation = unchecked((int)0x80070020);

    private readonly string _root = Path.GetFullPath(configuration["Storage:Folder"] ?? throw new InvalidOperationException("Storage:Folder is not set."));

    public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct) => WriteAsync(key, offset, content, () => Task.CompletedTask, ct);

    // The lock (flock) is the file's own: a writer that stalls between its permission and its last byte keeps every later one out, on whatever machine, until it is done or dead.
    public async Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, Func<Task> requireAllowed, CancellationToken ct)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = OpenAlone(path);
        try
        {
            await requireAllowed();
            if (RandomAccess.GetLength(file) < offset) throw new IOException("Content that was written before is missing.");
        }
        // Made by the question, or left by one that died at it: nobody would know of it.
        catch when (RandomAccess.GetLength(file) == 0)
        {
            File.Delete(path);
            throw;
        }
        await RandomAccess.WriteAsync(file, content, offset, ct);
    }

    // On a thread of its own: waiting for the disk must not take those that answer requests.
    public Task FlushAsync(string key, CancellationToken ct) => Task.Factory.StartNew(() =>
    {
        using var file = OpenUnlocked(PathOf(key));
        RandomAccess.FlushToDisk(file);
    }, ct, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct)
    {
        try
        {
            var file = new ReadInPlace(PathOf(key));
            file.Seek(offset, SeekOrigin.Begin);
            return Task.FromResult<Stream?>(file);
        }
        // Asking whether a file exists also says no where it may not be looked at.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return Task.FromResult<Stream?>(null); }
        catch (UnauthorizedAccessException e) { throw new IOException("The content may not be read.", e); }
    }

    public Task<long?> LengthAsync(string key, CancellationToken ct) => Task.FromResult<long?>(new FileInfo(PathOf(key)) is { Exists: true } file ? file.Length : null);

    public Task DeleteAsync(string key, CancellationToken ct)
    {
        if (File.Exists(PathOf(key))) File.Delete(PathOf(key));
        return Task.CompletedTask;
    }

    // The framework's own asynchronous reading of a file has another thread of the same pool wait for it: to go on elsewhere takes longer than most of what is read. Whoever reads much
    // lets others have a turn now and then.
    private sealed class ReadInPlace(string path) : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)
    {
        private const int TurnMax = 4 * 1024 * 1024;
        private int _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<int>(cancellationToken);
            try
            {
                var count = MemoryMarshal.TryGetArray<byte>(buffer, out var array) ? Read(array.Array!, array.Offset, array.Count) : Read(buffer.Span);
                if ((_read += count) < TurnMax) return ValueTask.FromResult(count);
                _read = 0;
                return AfterOthersAsync(count);
            }
            catch (Exception e) { return ValueTask.FromException<int>(e); }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        private static async ValueTask<int> AfterOthersAsync(int count)
        {
            await Task.Yield();
            return count;
        }
    }

    private static SafeFileHandle OpenAlone(string path)
    {
        try { return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, FileOptions.Asynchronous); }
        catch (IOException e) when (e.HResult is WouldBlock or SharingViolation) { throw new ContentBusyException(e); }
    }

    // Opened as usual a file has a shared lock, which would keep out whoever writes on while what is written goes to disk.
    private static SafeFileHandle OpenUnlocked(string path)
    {
        if (!OperatingSystem.IsLinux()) return File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var file = open(path, ReadWriteCloseOnExec);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw new IOException("The content cannot be brought to disk.", new Win32Exception(Marshal.GetLastPInvokeError()));
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    private string PathOf(string key)
    {
        Storage.RequireKey(key);
        return Path.Combine(_root, key);
    }
}
