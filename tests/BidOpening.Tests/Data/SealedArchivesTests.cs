using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Data;

public class SealedArchivesTests
{
    private const int Bids = 3;
    private static readonly int AtTheGate = Math.Min(SealedArchives.AtOnce, Bids);
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_an_archive_is_being_opened_the_moments_of_openings_come_and_no_row_is_held()
    {
        await using var host = Slow();
        await host.InitializeAsync();
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, Bids));
        Gate(host).Shut(opening);
        await opening.OpenAllAsync();
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Gate(host).Waiting == AtTheGate), "workers at the gate");

        var others = host.NewLot();
        var other = await host.OpenAsync(others, await host.SealAsync(others, 3));      // its start is a moment
        host.Clock.Advance(TimeSpan.FromMinutes(others.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await other.EventsAsync<RecoveryAsked>()).Count == 1, "the end of the custodians' time");
        Assert.Equal(AtTheGate, Gate(host).Waiting);
        foreach (var bid in opening.Bids) Assert.Equal(FilesStage.Ready, (await opening.StoredAsync(bid)).FilesStage);
        await host.InDbAsync<BidOpeningDb, int>(db => db.Database.ExecuteSqlAsync($"select id from listed_bid where lot_id = {lot.LotId} for update nowait"));

        Gate(host).Open();
        foreach (var bid in opening.Bids) await opening.SettledAsync(bid);
        Assert.All(opening.Bids, b => Assert.Equal(2, Gate(host).ReadsOf(b)));           // once to hash and decrypt it, once to look into it
    }

    [Fact]
    public async Task Each_due_bid_is_one_workers_until_it_lets_it_go()
    {
        await using var host = Slow();
        var (opening, database) = await ReadyAsync(host);
        var claims = new List<ArchiveClaim>();
        for (var i = 0; i < opening.Bids.Count; i++) claims.Add((await TakeAsync(host))!);
        Assert.Equal(opening.Bids.Select(b => b.Id).Order(), claims.Select(c => c.Bid).Order());
        Assert.Null(await TakeAsync(host));
        await claims[1].DisposeAsync();
        await using (var again = await TakeAsync(host)) Assert.Equal(claims[1].Bid, again!.Bid);
        await using (var failed = await ArchiveClaim.TakeAsync(database, [claims[1].Bid], host.Clock.GetUtcNow(), Ct)) Assert.Null(failed);
        foreach (var claim in claims) await claim.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_loses_its_connection_loses_its_claim_and_records_nothing_and_another_opens_the_archive()
    {
        await using var host = Slow();
        var (opening, _) = await ReadyAsync(host);
        Gate(host).Shut(opening);
        var lost = (await TakeAsync(host))!;
        var bid = opening.Bids.Single(b => b.Id == lost.Bid);
        var working = HandleAsync(host, lost);
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Gate(host).Waiting == 1), "a worker at the gate");
        // As when its process is killed: the server ends its session.
        await host.InDbAsync<BidOpeningDb, int>(db => db.Database.ExecuteSqlRawAsync(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 1 and database = (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()"));
        ArchiveClaim? next = null;
        await ServiceFixture.EventuallyAsync(async () => (next ??= await TakeAsync(host))?.Bid == bid.Id, "the claim of another");

        Gate(host).Open();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => working);
        Assert.Equal(FilesStage.Ready, (await opening.StoredAsync(bid)).FilesStage);
        Assert.Empty(await opening.EventsAsync<ArchiveNotOpened>());
        await HandleAsync(host, next!);
        await opening.SettledAsync(bid);
        await lost.DisposeAsync();
        await next!.DisposeAsync();
    }

    [Fact]
    public async Task An_ending_process_leaves_what_it_has_begun_to_another()
    {
        await using var host = Slow();
        await host.InitializeAsync();
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, Bids));
        Gate(host).Shut(opening);
        await opening.OpenAllAsync();
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Gate(host).Waiting == AtTheGate), "workers at the gate");
        await WorkerOf(host).StopAsync(Ct);
        foreach (var bid in opening.Bids) Assert.Equal(FilesStage.Ready, (await opening.StoredAsync(bid)).FilesStage);
        Gate(host).Open();
        using var next = ActivatorUtilities.CreateInstance<SealedArchives>(host.Services);
        await next.StartAsync(Ct);
        foreach (var bid in opening.Bids) await opening.SettledAsync(bid);
        await next.StopAsync(Ct);
    }

    // Three archives are ready, and the service's own worker has ended.
    private static async Task<(Opening Opening, NpgsqlDataSource Database)> ReadyAsync(OpeningHost host)
    {
        await host.InitializeAsync();
        await WorkerOf(host).StopAsync(Ct);
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, Bids));
        await opening.OpenAllAsync();
        return (opening, DatabaseOf(host));
    }

    private static OpeningHost Slow() => new(builder =>
        builder.Services.Replace(ServiceDescriptor.Singleton<IBlobStore>(p => new GatedStore(Storage.From(p.GetRequiredService<IConfiguration>())))));

    private static GatedStore Gate(OpeningHost host) => (GatedStore)host.Store;
    private static SealedArchives WorkerOf(OpeningHost host) => host.Services.GetServices<IHostedService>().OfType<SealedArchives>().Single();
    private static NpgsqlDataSource DatabaseOf(OpeningHost host) => host.Services.GetRequiredKeyedService<NpgsqlDataSource>(BidOpeningService.Name);
    private static Task<ArchiveClaim?> TakeAsync(OpeningHost host) => ArchiveClaim.TakeAsync(DatabaseOf(host), [], host.Clock.GetUtcNow(), Ct);

    private static async Task HandleAsync(OpeningHost host, ArchiveClaim claim)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await OpenFilesWhenDue.Handle(claim, scope.ServiceProvider.GetRequiredService<BidOpeningDb>(), scope.ServiceProvider, Ct);
    }

    /// <summary>Who wants to read an archive of a shut opening waits at its gate.</summary>
    private sealed class GatedStore(IBlobStore store) : IBlobStore
    {
        private readonly TaskCompletionSource _gate = new();
        private readonly ConcurrentDictionary<string, int> _reads = new();
        private HashSet<string> _shut = [];
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public void Shut(Opening opening) => _shut = [.. opening.Bids.Select(b => b.Closed.FilesStorageKey)];
        public void Open() => _gate.SetResult();
        public int ReadsOf(OpenedTestBid bid) => _reads.GetValueOrDefault(bid.Closed.FilesStorageKey);

        public async Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct)
        {
            if (offset == 0) _reads.AddOrUpdate(key, 1, (_, reads) => reads + 1);
            if (_shut.Contains(key))
            {
                Interlocked.Increment(ref _waiting);
                await _gate.Task.WaitAsync(ct);
            }
            return await store.OpenReadAsync(key, offset, ct);
        }

        public Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct) => store.WriteAsync(key, offset, content, ct);
        public Task FlushAsync(string key, CancellationToken ct) => store.FlushAsync(key, ct);
        public Task<long?> LengthAsync(string key, CancellationToken ct) => store.LengthAsync(key, ct);
        public Task DeleteAsync(string key, CancellationToken ct) => store.DeleteAsync(key, ct);
    }
}
