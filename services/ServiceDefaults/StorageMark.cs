using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tendering.ServiceDefaults;

/// <summary>
/// The store as one service knows it: at its first start the service leaves a mark there and remembers it in its database. That a content is gone is believed of a store that
/// shows this mark and of no other: an empty folder where a disk was to be mounted is a disk that does not answer, an <see cref="IOException"/>, and takes no new content.
/// </summary>
public sealed partial class MarkedStore(string service, NpgsqlDataSource database, IBlobStore store, ILogger<MarkedStore> log) : BackgroundService, IBlobStore
{
    private const int LockClass = 727001, LockMark = 4, MarkLength = 36;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private string? _remembered;

    /// <summary>Where the mark lies.</summary>
    public string Key => $"marks/{service}";

    public async Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (offset == 0) await RequireAsync(ct);
        await store.WriteAsync(key, offset, content, ct);
    }

    public async Task WriteAsync(string key, long offset, ReadOnlyMemory<byte> content, Func<Task> requireAllowed, CancellationToken ct)
    {
        if (offset == 0) await RequireAsync(ct);
        await store.WriteAsync(key, offset, content, requireAllowed, ct);
    }

    public Task FlushAsync(string key, CancellationToken ct) => store.FlushAsync(key, ct);

    public async Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken ct)
    {
        if (await store.OpenReadAsync(key, offset, ct) is { } found) return found;
        // The mark before and after: a store that came back between two looks lacks nothing.
        await RequireAsync(ct);
        if (await store.OpenReadAsync(key, offset, ct) is { } back) return back;
        await RequireAsync(ct);
        return null;
    }

    public async Task<long?> LengthAsync(string key, CancellationToken ct)
    {
        if (await store.LengthAsync(key, ct) is { } length) return length;
        await RequireAsync(ct);
        return await store.LengthAsync(key, ct);
    }

    public async Task DeleteAsync(string key, CancellationToken ct)
    {
        await RequireAsync(ct);
        await store.DeleteAsync(key, ct);
    }

    /// <summary>The store shows the mark that this service left there; else an <see cref="IOException"/>.</summary>
    public async Task RequireAsync(CancellationToken ct)
    {
        var mark = _remembered ??= await RememberAsync(ct);
        await using var there = await store.OpenReadAsync(Key, ct);
        var shown = new byte[MarkLength + 1];
        var length = there is null ? 0 : await there.ReadAtLeastAsync(shown, shown.Length, throwOnEndOfStream: false, ct);
        if (Encoding.ASCII.GetString(shown, 0, length) != mark) throw new IOException($"The storage does not show the mark {mark} of {service}: it is not there, or it is another.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        do
        {
            try { await RequireAsync(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e) { LogAway(log, e.Message); }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // The mark lies in the store before it is remembered: a crash between leaves one that the next start replaces.
    private async Task<string> RememberAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var alone = new NpgsqlCommand($"select pg_advisory_xact_lock({LockClass}, {LockMark})", connection)) await alone.ExecuteNonQueryAsync(ct);
        await using (var look = new NpgsqlCommand("select mark::text from store_mark", connection))
            if (await look.ExecuteScalarAsync(ct) is string known) return known;
        var mark = Guid.NewGuid();
        await store.WriteAsync(Key, 0, Encoding.ASCII.GetBytes(mark.ToString()), ct);
        await store.FlushAsync(Key, ct);
        await using var remember = new NpgsqlCommand("insert into store_mark (mark) values ($1)", connection) { Parameters = { new() { Value = mark } } };
        await remember.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return mark.ToString();
    }

    [LoggerMessage(LogLevel.Error, "The storage cannot be used: {Reason}")]
    private static partial void LogAway(ILogger log, string reason);
}

public static class MarkedStorage
{
    /// <summary>The store for a service, by its name as the key: what it gives out as missing is missing.</summary>
    public static void AddMarkedStore(this WebApplicationBuilder builder, string service)
    {
        builder.Services.AddKeyedSingleton(service, (p, _) => new MarkedStore(service, p.GetRequiredKeyedService<NpgsqlDataSource>(service), p.GetRequiredService<IBlobStore>(), p.GetRequiredService<ILogger<MarkedStore>>()));
        builder.Services.AddKeyedSingleton<IBlobStore>(service, (p, _) => p.GetRequiredKeyedService<MarkedStore>(service));
        builder.Services.AddSingleton<IHostedService>(p => p.GetRequiredKeyedService<MarkedStore>(service));
    }
}
