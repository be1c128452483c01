using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

public class SlowDiskTests
{
    [Fact]
    public async Task While_the_disk_stands_still_archives_are_looked_at_again_and_other_lots_are_opened()
    {
        var disk = new TaskCompletionSource();
        await using var host = On(disk.Task);
        await host.InitializeAsync();
        var opening = await OpenedAsync(host);
        await host.InDbAsync<BidOpeningDb, int>(db => db.Database.ExecuteSqlAsync($"update listed_bid set next_due_at = submitted_at - interval '1 s'"));
        foreach (var bid in opening.Bids) await ServiceFixture.EventuallyAsync(async () => (await opening.StoredAsync(bid)).NextDueAt > host.Clock.GetUtcNow(), "another look");
        var other = await OpenedAsync(host);
        await other.RecordAsync();
        foreach (var bid in opening.Bids) Assert.NotNull((await opening.StoredAsync(bid)).NextDueAt);
        disk.SetResult();
        foreach (var bid in opening.Bids.Concat(other.Bids)) await opening.OnDiskAsync(bid);
    }

    [Fact]
    public async Task An_ending_process_ends_what_it_is_bringing_to_disk_and_leaves_what_waits_to_the_next()
    {
        var disk = new TaskCompletionSource();
        await using var host = On(disk.Task);
        await host.InitializeAsync();
        var opening = await OpenedAsync(host);
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(((SlowDisk)host.Store).Waiting == OpenedArchives.AtOnce), "the disk to be asked");
        var ending = host.Services.GetRequiredService<OpenedArchives>().StopAsync(default);
        disk.SetResult();
        await ending;
        var left = (await Task.WhenAll(opening.Bids.Select(opening.StoredAsync))).Where(b => b.NextDueAt is not null);
        Assert.Equal(opening.Bids.Count - OpenedArchives.AtOnce, left.Count());
    }

    private static OpeningHost On(Task disk) => new(builder =>
        builder.Services.Replace(ServiceDescriptor.Singleton<IBlobStore>(p => new SlowDisk(Storage.From(p.GetRequiredService<IConfiguration>()), disk))));

    private static async Task<Opening> OpenedAsync(OpeningHost host)
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await opening.OpenAllAsync();
        foreach (var bid in opening.Bids) await opening.FilesAsync(bid, FilesStage.Opened);
        return opening;
    }

    /// <summary>Takes everything at once, and lets opened archives wait for it.</summary>
    private sealed class SlowDisk(IBlobStore store, Task disk) : IBlobStore
    {
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct) => store.WriteAsync(key, offset, content, ct);

        public async Task FlushAsync(string key, CancellationToken ct)
        {
            if (key.StartsWith("opened/", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _waiting);
                await disk;
            }
            await store.FlushAsync(key, ct);
        }

        public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct) => store.OpenReadAsync(key, offset, ct);
        public Task<long?> LengthAsync(string key, CancellationToken ct) => store.LengthAsync(key, ct);
        public Task DeleteAsync(string key, CancellationToken ct) => store.DeleteAsync(key, ct);
    }
}
