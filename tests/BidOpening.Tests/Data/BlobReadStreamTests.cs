using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tendering.BidOpening.Data;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Tests.Data;

public sealed class BlobReadStreamTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("blobs-");
    private readonly FolderBlobStore _store;
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(10_000);

    public BlobReadStreamTests() => _store = new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Storage:Folder"] = _folder.FullName }).Build());

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<BlobReadStream> OpenAsync(int length)
    {
        await _store.WriteAsync("a", 0, _content, default);
        return new BlobReadStream(_store, "a", length);
    }

    [Fact]
    public async Task It_is_read_from_anywhere()
    {
        await using var stream = await OpenAsync(_content.Length);
        foreach (var (offset, count) in new[] { (0, 100), (100, 200), (9_000, 1_000), (5, 1), (0, 10_000) })
        {
            stream.Position = offset;
            var read = new byte[count];
            stream.ReadExactly(read);
            Assert.Equal(_content[offset..(offset + count)], read);
            Assert.Equal(offset + count, stream.Position);
        }
        Assert.Equal(0, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Equal(9_990, stream.Seek(-10, SeekOrigin.End));
        Assert.Equal(9_995, stream.Seek(5, SeekOrigin.Current));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(-1, SeekOrigin.Begin));
    }

    [Fact]
    public async Task A_content_that_is_shorter_or_gone_is_a_fault_of_reading_and_not_its_end()
    {
        await using var stream = await OpenAsync(_content.Length + 1);
        stream.Position = _content.Length;
        Assert.Throws<IOException>(() => stream.ReadByte());
        await _store.DeleteAsync("a", default);
        stream.Position = 0;
        Assert.Throws<IOException>(() => stream.ReadByte());
    }
}
