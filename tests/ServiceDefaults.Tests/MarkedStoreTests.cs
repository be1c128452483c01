using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tendering.ServiceDefaults.Tests.Notes;

namespace Tendering.ServiceDefaults.Tests;

/// <summary>Only a store that is really there can lack something.</summary>
public sealed class MarkedStoreTests(NotesHost host) : IClassFixture<NotesHost>, IAsyncDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "storage-" + Guid.NewGuid().ToString("N"));
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(host.ConnectionString);

    public async ValueTask DisposeAsync()
    {
        await NotesHost.ScalarAsync<object>(host.Owner, "delete from store_mark; select 1");
        await _database.DisposeAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    // Each time as after a restart.
    private MarkedStore Store(string? folder = null) => new("notes", _database, new FolderBlobStore(new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Storage:Folder"] = folder ?? _folder }).Build()), NullLogger<MarkedStore>.Instance);

    [Fact]
    public async Task What_the_right_store_lacks_is_missing_and_what_another_lacks_is_unreadable()
    {
        await Store().WriteAsync("bids/a", 0, new byte[] { 1 }, default);
        Assert.Null(await Store().OpenReadAsync("bids/b", default));
        Assert.Null(await Store().LengthAsync("bids/b", default));
        await Store().DeleteAsync("bids/b", default);
        await using (var there = await Store().OpenReadAsync("bids/a", default)) Assert.NotNull(there);

        var known = Store();
        Assert.Null(await known.OpenReadAsync("bids/b", default));
        Directory.Move(_folder, _folder + "-away");
        try
        {
            foreach (var empty in new[] { known, Store() })
            {
                await Assert.ThrowsAsync<IOException>(() => empty.OpenReadAsync("bids/a", default));
                await Assert.ThrowsAsync<IOException>(() => empty.LengthAsync("bids/a", default));
                await Assert.ThrowsAsync<IOException>(() => empty.WriteAsync("bids/c", 0, new byte[] { 1 }, default));
                await Assert.ThrowsAsync<IOException>(() => empty.DeleteAsync("bids/a", default));
            }
            Assert.False(Directory.Exists(_folder));                                 // nothing was written where the disk was to be
        }
        finally { Directory.Move(_folder + "-away", _folder); }
        await using (var back = await known.OpenReadAsync("bids/a", default)) Assert.NotNull(back);

        await File.WriteAllTextAsync(Path.Combine(_folder, known.Key), Guid.NewGuid().ToString(), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => known.OpenReadAsync("bids/b", default));
        await Assert.ThrowsAsync<IOException>(() => Store().OpenReadAsync("bids/b", default));
    }

    [Fact]
    public async Task Instances_that_start_at_once_leave_one_mark()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store().RequireAsync(default)));
        await Store().RequireAsync(default);
    }

    [Fact]
    public async Task A_mark_that_was_never_remembered_is_made_anew()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "marks"));
        await File.WriteAllTextAsync(Path.Combine(_folder, Store().Key), Guid.NewGuid().ToString(), TestContext.Current.CancellationToken);
        await Store().RequireAsync(default);
    }
}
