using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests;

/// <summary>Programs that are not ours: npm's tus-js-client uploads, its s3rver stores.</summary>
public class StrangersTests
{
    private const string Bucket = "tendering";
    private static readonly string Folder = FindFolder();

    [Fact]
    public async Task A_tus_client_that_is_killed_goes_on_where_it_stopped_and_its_bid_is_taken()
    {
        await using var host = new BiddingHost();
        await host.InitializeAsync();
        await UploadAndSubmitAsync(host, RandomNumberGenerator.GetBytes(30_000_000), chunk: 3_000_000);
    }

    [Fact]
    public async Task The_same_into_an_s3_compatible_store()
    {
        using var store = await S3Async();
        await using var host = new BiddingHost { Configure = c => c.AddInMemoryCollection(store.Settings) };
        await host.InitializeAsync();
        Assert.IsType<S3BlobStore>(host.Services.GetRequiredService<IBlobStore>());
        await UploadAndSubmitAsync(host, RandomNumberGenerator.GetBytes(10_000_000), chunk: 3_000_000);
    }

    [Fact]
    public async Task An_s3_compatible_store_keeps_content_as_a_folder_does()
    {
        using var server = await S3Async();
        using var store = new S3BlobStore(new ConfigurationBuilder().AddInMemoryCollection(server.Settings).Build());
        var content = RandomNumberGenerator.GetBytes((2 * S3BlobStore.SegmentLength) + 1000);
        var offset = 0;
        foreach (var length in new[] { 1000, S3BlobStore.SegmentLength, S3BlobStore.SegmentLength - 1000, 1000 })
        {
            await store.WriteAsync("bids/a", offset, content.AsMemory(offset, length), default);
            offset += length;
            Assert.Equal(offset, await store.LengthAsync("bids/a", default));
        }
        foreach (var from in new[] { 0, 1, S3BlobStore.SegmentLength - 1, S3BlobStore.SegmentLength, 2 * S3BlobStore.SegmentLength, content.Length })
            Assert.Equal(content[from..], await ReadAsync(store, "bids/a", from));
        // What was written behind a committed offset is written again, and a hole is refused.
        await store.WriteAsync("bids/a", content.Length - 10, content.AsMemory(content.Length - 10), default);
        await Assert.ThrowsAsync<IOException>(() => store.WriteAsync("bids/a", content.Length + 1, new byte[1], default));
        Assert.Equal(content, await ReadAsync(store, "bids/a", 0));
        await store.DeleteAsync("bids/a", default);
        await store.DeleteAsync("bids/a", default);
        Assert.Null(await store.OpenReadAsync("bids/a", default));
        Assert.Null(await store.LengthAsync("bids/a", default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.WriteAsync("../a", 0, new byte[1], default));
    }

    private static async Task UploadAndSubmitAsync(BiddingHost host, byte[] files, int chunk)
    {
        var lot = await host.LotAsync();
        var bid = await lot.SealAsync(await host.RegisteredBidderAsync(lot), files: files);
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, bid.Files);
            var address = await UploadKilledAsync(host, lot, bid, path, chunk);
            Assert.Contains("DONE", await FinishedAsync(Client(host, lot, bid, path, chunk, address)), StringComparison.Ordinal);
            var ready = new Prepared(host.As(bid.Bidder), lot, bid, await BiddingHost.UploadAsync(host.As(bid.Bidder), lot, "price", bid.Price), Guid.Parse(address.Split('/')[^1]));
            await ready.SubmittedAsync();
            Assert.Equal(bid.Files, await ReadAsync(host.Services.GetRequiredService<IBlobStore>(), Upload.KeyOf(ready.Files), 0));
        }
        finally { File.Delete(path); }
    }

    // Killed once its first bytes are there; returns the upload's address.
    private static async Task<string> UploadKilledAsync(BiddingHost host, TestLot lot, TestBid bid, string path, int chunk)
    {
        using var client = Client(host, lot, bid, path, chunk);
        var address = (await client.StandardOutput.ReadLineAsync())!;
        while (await client.StandardOutput.ReadLineAsync() is { } line && !(line.StartsWith("SENT ", StringComparison.Ordinal) && long.Parse(line[5..], System.Globalization.CultureInfo.InvariantCulture) > chunk)) { }
        client.Kill(entireProcessTree: true);
        Assert.StartsWith(host.Address, address, StringComparison.Ordinal);
        Assert.InRange(await BiddingHost.OffsetAsync(host.As(bid.Bidder), Guid.Parse(address.Split('/')[^1])), 1, bid.Files.Length - 1);
        return address;
    }

    private static Process Client(BiddingHost host, TestLot lot, TestBid bid, string path, int chunk, string? address = null) => Node(
        ["upload.js", $"{host.Address}/api/bidding/lots/{lot.LotId}/uploads", host.TokenFor([Roles.Bidder], bid.Bidder.Id, Guid.CreateVersion7()), "files", path,
            chunk.ToString(System.Globalization.CultureInfo.InvariantCulture), .. address is null ? Array.Empty<string>() : [address]]);

    private static async Task<string> FinishedAsync(Process client)
    {
        using (client)
        {
            var (said, wrong) = (client.StandardOutput.ReadToEndAsync(), client.StandardError.ReadToEndAsync());
            await client.WaitForExitAsync();
            Assert.True(client.ExitCode == 0, await wrong);
            return await said;
        }
    }

    private static Process Node(string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
    })!;

    private static async Task<Store> S3Async()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var folder = Directory.CreateTempSubdirectory("s3-").FullName;
        var server = Node(["store.js", port.ToString(System.Globalization.CultureInfo.InvariantCulture), folder, Bucket]);
        Assert.Equal("READY", await server.StandardOutput.ReadLineAsync());
        return new Store(server, folder, port);
    }

    private static async Task<byte[]> ReadAsync(IBlobStore store, string key, long offset)
    {
        await using var stored = (await store.OpenReadAsync(key, offset, default))!;
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "tests/Bidding.Tests/js") is var found && Directory.Exists(found))
                return Directory.Exists(Path.Combine(found, "node_modules")) ? found : throw new InvalidOperationException($"npm ci in {found} first; 'make test' does.");
        throw new InvalidOperationException("tests/Bidding.Tests/js is not above the tests.");
    }

    private sealed record Store(Process Server, string Directory, int Port) : IDisposable
    {
        public Dictionary<string, string?> Settings => new()
        {
            ["Storage:Bucket"] = Bucket, ["Storage:Endpoint"] = $"http://127.0.0.1:{Port}", ["Storage:AccessKey"] = "S3RVER", ["Storage:SecretKey"] = "S3RVER",
        };

        public void Dispose()
        {
            Server.Kill(entireProcessTree: true);
            Server.Dispose();
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}
