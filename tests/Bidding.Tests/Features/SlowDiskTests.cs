using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class SlowDiskTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task While_what_came_goes_to_disk_more_is_taken_in_and_nothing_of_it_counts_before_it_is_there()
    {
        await using var host = HostOnSlowDisk();
        await host.InitializeAsync();
        var disk = (SlowDisk)host.Services.GetRequiredService<IBlobStore>();
        var lot = await host.LotAsync();
        var client = host.As(await host.RegisteredBidderAsync(lot));
        var content = RandomNumberGenerator.GetBytes((76 * Megabyte) + 5);
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", content.Length));

        disk.Stop();
        using var running = new Ending(disk.GoOn);                                        // a test that fails must not leave the service waiting
        var sending = BiddingHost.PatchAsync(client, id, 0, content);
        await ServiceFixture.EventuallyAsync(async () => disk.Waiting == 1 && await disk.LengthAsync(Upload.KeyOf(id), default) == content.Length, "all bytes to be written while the first wait for the disk");
        Assert.Equal(0, (await RowAsync(host, id)).Received);
        Assert.False(sending.IsCompleted);
        disk.GoOn();
        Assert.Equal(HttpStatusCode.NoContent, (await sending).StatusCode);
        var row = await RowAsync(host, id);
        Assert.Equal((content.Length, BlockDigest.Of(content)), (row.Received, row.Digest));
        Assert.Equal(20, await host.InDbAsync<BiddingDb, int>(db => db.UploadBlocks.CountAsync(b => b.UploadId == id)));
    }

    [Fact]
    public async Task A_disk_that_fails_meanwhile_fails_the_call_and_what_was_not_brought_there_is_sent_again()
    {
        await using var host = HostOnSlowDisk();
        await host.InitializeAsync();
        var disk = (SlowDisk)host.Services.GetRequiredService<IBlobStore>();
        var lot = await host.LotAsync();
        var client = host.As(await host.RegisteredBidderAsync(lot));
        var content = RandomNumberGenerator.GetBytes(70 * Megabyte);
        var id = BiddingHost.IdOf(await BiddingHost.BeginAsync(client, lot, "files", content.Length));

        disk.Stop();
        using var running = new Ending(disk.GoOn);
        var sending = BiddingHost.PatchAsync(client, id, 0, content);
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(disk.Waiting == 1), "the disk to be asked");
        disk.Fail();
        Assert.Equal(HttpStatusCode.InternalServerError, (await sending).StatusCode);
        Assert.Equal(0, await BiddingHost.OffsetAsync(client, id));
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PatchAsync(client, id, 0, content)).StatusCode);
        Assert.Equal(BlockDigest.Of(content), (await RowAsync(host, id)).Digest);
    }

    private static BiddingHost HostOnSlowDisk() => new(builder => builder.Services.Replace(ServiceDescriptor.Singleton<IBlobStore>(p => new SlowDisk(Storage.From(p.GetRequiredService<IConfiguration>())))));

    private static Task<Upload> RowAsync(BiddingHost host, Guid id) => host.InDbAsync<BiddingDb, Upload>(db => db.Uploads.AsNoTracking().SingleAsync(u => u.Id == id));

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    /// <summary>Takes bytes at once, and lets whoever wants them on disk wait while it stands.</summary>
    private sealed class SlowDisk(IBlobStore store) : IBlobStore
    {
        private TaskCompletionSource _disk = Running();
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public void Stop() => (_waiting, _disk) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        public void GoOn() => _disk.TrySetResult();

        public void Fail()
        {
            var failing = _disk;
            _disk = Running();
            failing.SetException(new IOException("The disk is gone."));
        }

        public async Task FlushAsync(string key, CancellationToken ct)
        {
            // The store's mark is the service's own.
            if (!key.StartsWith("marks/", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _waiting);
                await _disk.Task;
            }
            await store.FlushAsync(key, ct);
        }

        public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct) => store.WriteAsync(key, offset, content, ct);
        public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, Func<Task> requireAllowed, CancellationToken ct) => store.WriteAsync(key, offset, content, requireAllowed, ct);
        public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct) => store.OpenReadAsync(key, offset, ct);
        public Task<long?> LengthAsync(string key, CancellationToken ct) => store.LengthAsync(key, ct);
        public Task DeleteAsync(string key, CancellationToken ct) => store.DeleteAsync(key, ct);

        private static TaskCompletionSource Running()
        {
            var running = new TaskCompletionSource();
            running.SetResult();
            return running;
        }
    }
}
