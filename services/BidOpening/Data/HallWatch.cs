using System.Net;
using System.Net.Sockets;
using Npgsql;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Data;

/// <summary>
/// Reads the entries of the halls that somebody follows, once for all who follow in this process, and wakes them. Entries live in the database: a watcher that
/// comes back after a restart, or to another instance, goes on after the index it has.
/// </summary>
public sealed partial class HallWatch([FromKeyedServices(BidOpeningService.Name)] NpgsqlDataSource database, ILogger<HallWatch> log) : BackgroundService
{
    /// <summary>In this process; for one person; and where nobody is signed in for one address, behind which a whole office may sit.</summary>
    public const int WatchersMax = 20_000, PerPersonMax = 20, PerAddressMax = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200), RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Hall> _halls = [];
    private readonly Dictionary<object, int> _watching = [];               // by person or address
    private TaskCompletionSource _somebody = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _watchers;

    /// <summary>A hall as long as somebody follows it; the caller leaves it again. Throws <see cref="BusyException"/> where too many follow.</summary>
    public Hall Enter(Guid lot, Caller who)
    {
        lock (_gate)
        {
            var (key, max) = KeyOf(who);
            if (_watchers >= WatchersMax) throw new BusyException("too-many-watchers", "Too many follow openings here at the moment: read /entries, or come back in a minute.");
            if (_watching.GetValueOrDefault(key) >= max) throw new BusyException("too-many-watchers", $"At most {max} streams are open here for one {(who.PersonId is null ? "address: sign in, or" : "person:")} read /entries, or close another.");
            _watchers++;
            _watching[key] = _watching.GetValueOrDefault(key) + 1;
            if (!_halls.TryGetValue(lot, out var hall)) _halls.Add(lot, hall = new Hall(lot));
            hall.Watchers++;
            _somebody.TrySetResult();
            return hall;
        }
    }

    public void Leave(Hall hall, Caller who)
    {
        lock (_gate)
        {
            var (key, _) = KeyOf(who);
            _watchers--;
            if (--_watching[key] == 0) _watching.Remove(key);
            if (--hall.Watchers > 0) return;
            _halls.Remove(hall.Lot);
            if (_halls.Count == 0) _somebody = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static (object Key, int Max) KeyOf(Caller who) => who.PersonId is { } person ? (person, PerPersonMax) : (NetworkOf(who.Address), PerAddressMax);

    // Whoever has one IPv6 address has the 2^64 beside it.
    private static string NetworkOf(string? address) => IPAddress.TryParse(address, out var ip) && ip is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
        ? Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8)) : address ?? "";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                await Somebody.WaitAsync(stoppingToken);
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(log, e.GetType().Name);
                pause = RetryAfter;
            }
            catch (OperationCanceledException) { return; }
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task Somebody { get { lock (_gate) return _somebody.Task; } }

    // Whether a hall is over is asked before its entries: what was true then has all its entries now.
    private async Task LookAsync(CancellationToken ct)
    {
        Hall[] halls;
        lock (_gate) halls = [.. _halls.Values];
        if (halls.Length == 0) return;
        var byLot = halls.ToDictionary(h => h.Lot);
        var over = new HashSet<Guid>();
        await using var looks = database.CreateBatch();
        looks.BatchCommands.Add(Look("select id from opening_session where id = any($1) and stage in ('Completed', 'NotOpened')", halls.Select(h => h.Lot).ToArray()));
        looks.BatchCommands.Add(Look(
            "select e.lot_id, e.index, e.kind, e.body, e.at from unnest($1, $2) as w (lot, after) join hall_entry e on e.lot_id = w.lot and e.index > w.after order by e.lot_id, e.index",
            halls.Select(h => h.Lot).ToArray(), halls.Select(h => h.Count).ToArray()));
        await using var reader = await looks.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) over.Add(reader.GetGuid(0));
        await reader.NextResultAsync(ct);
        var entries = new List<HallEntry>();
        while (await reader.ReadAsync(ct))
            entries.Add(new HallEntry { LotId = reader.GetGuid(0), Index = reader.GetInt32(1), Kind = reader.GetString(2), Body = reader.GetString(3), At = reader.GetFieldValue<DateTimeOffset>(4) });
        foreach (var hall in halls) hall.Take([.. entries.Where(e => e.LotId == hall.Lot)], over.Contains(hall.Lot));
    }

    private static NpgsqlBatchCommand Look(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    [LoggerMessage(LogLevel.Warning, "The halls could not be read ({Kind}); they are looked at again.")]
    private static partial void LogLost(ILogger log, string kind);
}

/// <summary>The entries of one followed hall, from 1 on.</summary>
public sealed class Hall(Guid lot)
{
    private readonly Lock _gate = new();
    private readonly List<HallEntry> _entries = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _over;

    public Guid Lot => lot;
    public int Count { get { lock (_gate) return _entries.Count; } }
    internal int Watchers { get; set; }

    /// <summary>What follows an index, whether the hall is over with it, and what ends when there is more.</summary>
    public (HallEntry[] Entries, bool IsOver, Task Change) After(int index)
    {
        lock (_gate) return (index < _entries.Count ? [.. _entries.Skip(index)] : [], _over, _change.Task);
    }

    internal void Take(IReadOnlyList<HallEntry> entries, bool over)
    {
        lock (_gate)
        {
            if (entries.Count == 0 && over == _over) return;
            _entries.AddRange(entries.Where(e => e.Index > _entries.Count));
            _over = over;
            _change.SetResult();
            _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
