using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using Tendering.Protocols;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Data;

/// <summary>
/// Grows the log turn by turn on the one connection that holds the right to. What it knows of the tree's edge is what the database says; after any failure it is
/// thrown away and begun anew.
/// </summary>
public sealed class Sequencer
{
    /// <summary>The most events of one turn; what is more waits for the next, so that a rush is not told by more turns.</summary>
    public const int EventsMax = 16_384;

    private readonly NpgsqlConnection _connection;
    private readonly NoteSigner _signer;
    private readonly bool _publish;
    private readonly TileBuilder _tree;
    private readonly NpgsqlDataSource _database;
    private Task<List<RecordedEvent>>? _ahead;

    private Sequencer(NpgsqlConnection connection, NpgsqlDataSource database, NoteSigner signer, bool publish, TileBuilder tree, long events) =>
        (_connection, _database, _signer, _publish, _tree, Events) = (connection, database, signer, publish, tree, events);

    /// <summary>How many events of the record the log covers.</summary>
    public long Events { get; private set; }

    public long Size => _tree.Size;

    /// <param name="publish">Publish each checkpoint at once, since there are no witnesses to wait for.</param>
    /// <param name="database">Where a backlog is read ahead while a turn is written.</param>
    public static async Task<Sequencer> ResumeAsync(NpgsqlConnection connection, NpgsqlDataSource database, NoteSigner signer, bool publish, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand("select size, events from log_head", connection);
        long size = 0, events = 0;
        await using (var reader = await find.ExecuteReaderAsync(ct)) if (await reader.ReadAsync(ct)) (size, events) = (reader.GetInt64(0), reader.GetInt64(1));
        var edge = await AuditLog.ReadAsync(connection, TileBuilder.EdgeOf(size), ct);
        return new Sequencer(connection, database, signer, publish, TileBuilder.Resume(size, tile => edge.TryGetValue(tile, out var bytes) ? bytes : throw new InvalidOperationException($"The log has {size} entries, but {tile} is missing.")), events);
    }

    /// <summary>Whether an event waits that everybody may know of. Secret ones do not count: what they called for would tell of them.</summary>
    public async Task<bool> IsAskedForAsync(CancellationToken ct)
    {
        if (_ahead is not null) return true;
        await using var look = new NpgsqlCommand("select exists (select 1 from event where index > $1 and secret_until is null)", _connection) { Parameters = { new() { Value = Events } } };
        return (bool)(await look.ExecuteScalarAsync(ct))!;
    }

    /// <summary>One turn: takes the events that wait, at most <see cref="EventsMax"/>, and closes over them. Returns how many it took.</summary>
    public async Task<int> TurnAsync(CancellationToken ct)
    {
        var events = await (_ahead ?? ReadAsync(_connection, Events, ct));
        _ahead = events.Count == EventsMax ? ReadAheadAsync(Events + EventsMax, ct) : null;
        var seed = RandomNumberGenerator.GetBytes(SecretTree.SeedLength);
        var turn = Turn.Over(events, seed);
        var first = Size;
        foreach (var hash in turn.LeafHashes) _tree.Append(hash);
        var checkpoint = Checkpoint.Of(_signer.Key.Name, Size, _tree.Root()).Sign(_signer).ToString();

        await using var transaction = await _connection.BeginTransactionAsync(ct);
        await using var batch = new NpgsqlBatch(_connection, transaction);
        AddEntries(batch, first, turn);
        AddTiles(batch);
        if (events.Count > 0) AddTurn(batch, events, first, turn, seed);
        AddSecrets(batch, events, turn);
        AddHead(batch, first, Events + events.Count, checkpoint);
        if (await batch.ExecuteNonQueryAsync(ct) == 0) throw new InvalidOperationException("Nothing was written.");
        // The head moves from where this sequencer believes it to be, or another one is at work.
        await using (var check = new NpgsqlCommand($"select size = $1 and events = $2 from log_head where pg_notify('{AuditLog.GrownChannel}', '') is not null", _connection, transaction) { Parameters = { new() { Value = Size }, new() { Value = Events + events.Count } } })
            if (await check.ExecuteScalarAsync(ct) is not true) throw new InvalidOperationException("The log was grown by another sequencer.");
        await transaction.CommitAsync(ct);
        Events += events.Count;
        return events.Count;
    }

    private static Task<List<RecordedEvent>> ReadAsync(NpgsqlConnection connection, long after, CancellationToken ct) =>
        RecordedEvent.ReadAsync(connection, "index > $1 order by index limit $2", [new() { Value = after }, new() { Value = EventsMax }], ct);

    private async Task<List<RecordedEvent>> ReadAheadAsync(long after, CancellationToken ct)
    {
        await using var connection = await _database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, after, ct);
    }

    private static void AddEntries(NpgsqlBatch batch, long first, Turn turn)
    {
        List<long> starts = [];
        for (var at = first; at < first + turn.Entries.Count; at = (at / TileId.WidthMax + 1) * TileId.WidthMax) starts.Add(at);
        var rows = new (int Count, bool Packed, byte[] Bundle, byte[] Hashes)[starts.Count];
        Parallel.For(0, rows.Length, i =>
        {
            var from = (int)(starts[i] - first);
            var count = i + 1 < starts.Count ? (int)(starts[i + 1] - starts[i]) : turn.Entries.Count - from;
            var bundle = EntryBundle.Encode([.. turn.Entries.Skip(from).Take(count)]);
            var packed = count > 1 ? AuditLog.Pack(bundle) : bundle;
            var smaller = packed.Length < bundle.Length;
            rows[i] = (count, smaller, smaller ? packed : bundle, TileHashes.Join([.. turn.LeafHashes.Skip(from).Take(count)]));
        });
        batch.BatchCommands.Add(new("insert into log_entries (first, count, packed, bundle, hashes) select * from unnest($1, $2, $3, $4, $5)")
        {
            Parameters =
            {
                new() { Value = starts.ToArray() }, new() { Value = rows.Select(r => r.Count).ToArray() }, new() { Value = rows.Select(r => r.Packed).ToArray() },
                new() { Value = rows.Select(r => r.Bundle).ToArray() }, new() { Value = rows.Select(r => r.Hashes).ToArray() },
            },
        });
    }

    private void AddTiles(NpgsqlBatch batch)
    {
        var tiles = _tree.TakeTiles().Where(t => t.Key.Level > 0).ToArray();
        if (tiles.Length == 0) return;
        batch.BatchCommands.Add(new("insert into log_tile (level, index, width, hashes) select * from unnest($1, $2, $3, $4)")
        {
            Parameters =
            {
                new() { Value = tiles.Select(t => t.Key.Level).ToArray() }, new() { Value = tiles.Select(t => t.Key.Index).ToArray() },
                new() { Value = tiles.Select(t => t.Key.Width).ToArray() }, new() { Value = tiles.Select(t => t.Value).ToArray() },
            },
        });
    }

    private static void AddTurn(NpgsqlBatch batch, List<RecordedEvent> events, long first, Turn turn, byte[] seed) =>
        batch.BatchCommands.Add(new("insert into log_turn (first_event, events, first_leaf, secret, places, seed) values ($1, $2, $3, $4, $5, $6)")
        {
            Parameters = { new() { Value = events[0].Index }, new() { Value = events.Count }, new() { Value = first }, new() { Value = turn.Secret }, new() { Value = turn.Places }, new() { Value = seed } },
        });

    // What waits for disclosure, what brings one, and what a receipt speaks of.
    private static void AddSecrets(NpgsqlBatch batch, List<RecordedEvent> events, Turn turn)
    {
        var secrets = turn.Secret.Select(i => events[i]).ToArray();
        var waiting = secrets.Where(Disclosures.Waits).Select(e => (Event: e, Lot: Disclosures.LotOf(e))).Where(w => w.Lot is not null).ToArray();
        if (waiting.Length > 0)
            batch.BatchCommands.Add(new("insert into secret (index, tender_id, lot_id, until) select * from unnest($1, $2, $3, $4)")
            {
                Parameters = { Longs(waiting.Select(w => w.Event.Index)), Ids(waiting.Select(w => w.Event.TenderId!.Value)), Ids(waiting.Select(w => w.Lot!.Value)), Texts(waiting.Select(w => w.Event.SecretUntil!)) },
            });
        var bids = secrets.Select(e => (Event: e, Bid: Disclosures.BidOf(e))).Where(b => b.Bid is not null).ToArray();
        if (bids.Length > 0)
            batch.BatchCommands.Add(new("insert into submission (bid_id, index) select * from unnest($1, $2) on conflict do nothing") { Parameters = { Ids(bids.Select(b => b.Bid!.Value)), Longs(bids.Select(b => b.Event.Index)) } });
        var moments = events.Select(e => (Event: e, Until: Disclosures.MomentOf(e))).Where(m => m.Until is not null).Select(m => (m.Event, Until: m.Until!, Lot: Disclosures.LotOf(m.Event))).Where(m => m.Lot is not null).ToArray();
        if (moments.Length > 0)
            batch.BatchCommands.Add(new("insert into moment (lot_id, until, index) select * from unnest($1, $2, $3) on conflict do nothing")
            {
                Parameters = { Ids(moments.Select(m => m.Lot!.Value)), Texts(moments.Select(m => m.Until)), Longs(moments.Select(m => m.Event.Index)) },
            });
    }

    private void AddHead(NpgsqlBatch batch, long before, long events, string checkpoint) => batch.BatchCommands.Add(new("""
        insert into log_head as h (size, events, checkpoint, published_size, published) values ($1, $2, $3, case when $5 then $1 end, case when $5 then $3 end)
        on conflict (one) do update set size = excluded.size, events = excluded.events, checkpoint = excluded.checkpoint,
          published_size = coalesce(excluded.published_size, h.published_size), published = coalesce(excluded.published, h.published) where h.size = $4
        """) { Parameters = { new() { Value = Size }, new() { Value = events }, new() { Value = checkpoint }, new() { Value = before }, new() { Value = _publish } } });

    private static NpgsqlParameter Longs(IEnumerable<long> values) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
    private static NpgsqlParameter Ids(IEnumerable<Guid> values) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
    private static NpgsqlParameter Texts(IEnumerable<string> values) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
