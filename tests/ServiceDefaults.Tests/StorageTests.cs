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

    private Task WriteAsync(string key, long offset, byte[] content, long max = 1000) => _store.WriteAsync(key, offset, new MemoryStream(content), max, default);

    private byte[] Read(string key)
    {
        using var stream = _store.OpenRead(key)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    [Fact]
    public async Task Content_is_written_in_parts_and_read_whole()
    {
        await WriteAsync("bids/a-1/price", 0, [1, 2, 3]);
        await WriteAsync("bids/a-1/price", 3, [4, 5]);
        Assert.Equal([1, 2, 3, 4, 5], Read("bids/a-1/price"));
        Assert.Equal(5, _store.Length("bids/a-1/price"));
        _store.Delete("bids/a-1/price");
        Assert.Null(_store.OpenRead("bids/a-1/price"));
        Assert.Null(_store.Length("bids/a-1/price"));
    }

    [Fact]
    public async Task More_than_was_announced_is_refused()
    {
        var broken = await Assert.ThrowsAsync<RuleBrokenException>(() => WriteAsync("bids/a", 0, new byte[11], max: 10));
        Assert.Equal("content-too-long", broken.Code);
        await WriteAsync("bids/a", 0, new byte[10], max: 10);
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
        Assert.Throws<ArgumentException>(() => _store.OpenRead(key));
        Assert.Throws<ArgumentException>(() => _store.Length(key));
        Assert.Throws<ArgumentException>(() => _store.Delete(key));
        Assert.False(Directory.Exists(_folder));
    }
}
