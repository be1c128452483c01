using Microsoft.Extensions.Configuration;

namespace Tendering.ServiceDefaults.Tests;

public sealed class StorageTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "storage-" + Guid.NewGuid().ToString("N"));
    private readonly FolderBlobStore _store;

    public StorageTests() => _store = new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Storage:Folder"] = _folder }).Build());

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private async Task WriteAsync(string key, long offset, byte[] content)
    {
        await _store.WriteAsync(key, offset, content, default);
        await _store.FlushAsync(key, default);
    }

    private async Task<byte[]> ReadAsync(string key, long offset = 0)
    {
        await using var stream = (await _store.OpenReadAsync(key, offset, default))!;
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }

    [Fact]
    public async Task Content_is_written_in_parts_and_read_whole_or_from_an_offset()
    {
        await WriteAsync("bids/a-1/price", 0, [1, 2, 3]);
        await WriteAsync("bids/a-1/price", 3, [4, 5]);
        Assert.Equal([1, 2, 3, 4, 5], await ReadAsync("bids/a-1/price"));
        Assert.Equal([4, 5], await ReadAsync("bids/a-1/price", 3));
        Assert.Equal(5, await _store.LengthAsync("bids/a-1/price", default));
        await _store.DeleteAsync("bids/a-1/price", default);
        await _store.DeleteAsync("bids/a-1/price", default);
        Assert.Null(await _store.OpenReadAsync("bids/a-1/price", default));
        Assert.Null(await _store.LengthAsync("bids/a-1/price", default));
    }

    [Fact]
    public async Task Content_has_no_holes()
    {
        await WriteAsync("bids/a", 0, [1]);
        await Assert.ThrowsAsync<IOException>(() => WriteAsync("bids/a", 2, [3]));
        Assert.Equal([1], await ReadAsync("bids/a"));
    }

    [Fact]
    public async Task A_write_that_is_refused_leaves_what_was_there_and_makes_nothing()
    {
        static Task No() => throw new IOException("no");
        await Assert.ThrowsAsync<IOException>(() => _store.WriteAsync("bids/a", 0, new byte[] { 1 }, No, default));
        Assert.Null(await _store.LengthAsync("bids/a", default));
        await WriteAsync("bids/a", 0, [1]);
        await Assert.ThrowsAsync<IOException>(() => _store.WriteAsync("bids/a", 0, new byte[] { 2 }, No, default));
        Assert.Equal([1], await ReadAsync("bids/a"));
        await Assert.ThrowsAsync<IOException>(() => WriteAsync("bids/b", 2, [3]));
        Assert.Null(await _store.LengthAsync("bids/b", default));
    }

    [Fact]
    public async Task A_whole_content_that_is_longer_than_was_announced_is_refused()
    {
        var broken = await Assert.ThrowsAsync<RuleBrokenException>(() => _store.WriteAsync("bids/a", new MemoryStream(new byte[11]), 10, default));
        Assert.Equal("content-too-long", broken.Code);
        await _store.WriteAsync("bids/a", new MemoryStream(new byte[10]), 10, default);
        Assert.Equal(10, await _store.LengthAsync("bids/a", default));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("bids/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("bids//a")]
    [InlineData("bids/a/")]
    [InlineData("./a")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a%2fb")]
    [InlineData("a.b")]
    [InlineData("Upper")]
    [InlineData("a\n")]
    [InlineData("")]
    [InlineData("a/b/c/d/e")]
    public async Task Nothing_outside_the_store_can_be_named(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(key, 0, [1]));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.OpenReadAsync(key, default));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.LengthAsync(key, default));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.DeleteAsync(key, default));
        Assert.False(Directory.Exists(_folder));
    }

    [Fact]
    public async Task What_may_not_be_looked_at_is_not_missing()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "bids", "a"));               // opening a folder is refused to root too
        await Assert.ThrowsAsync<IOException>(() => _store.OpenReadAsync("bids/a", default));
    }

    // What a disk is that does not answer: callers look again, and give no verdict on what they could not read.
    [Fact]
    public async Task An_object_store_that_is_away_is_a_fault_of_reading()
    {
        using var store = new S3BlobStore(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Storage:Bucket"] = "bids", ["Storage:Endpoint"] = "http://127.0.0.1:1", ["Storage:AccessKey"] = "key", ["Storage:SecretKey"] = "secret",
        }).Build());
        await Assert.ThrowsAsync<IOException>(() => store.OpenReadAsync("bids/a", 0, default));
        await Assert.ThrowsAsync<IOException>(() => store.WriteAsync("bids/a", 0, new byte[1], default));
        await Assert.ThrowsAsync<IOException>(() => store.LengthAsync("bids/a", default));
    }
}
