using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Data;

/// <summary>
/// Goes through the whole record and the whole log, as they stand at one moment, and says where they first differ: every event, its entry, its leaf hash, every tile
/// and the signed root. It runs inside the house: who changes all of it together is found by witnesses and by whoever kept a checkpoint.
/// </summary>
public sealed class LogCheck
{
    private const int RowsMax = 64;
    private const int RestPerWork = 2;
    private static readonly TimeSpan WorkMax = TimeSpan.FromMilliseconds(20), RestMax = TimeSpan.FromMilliseconds(200);

    /// <param name="Index">The event in the record, where it is one.</param>
    public sealed record Difference(long? Index, string What);

    private readonly NpgsqlConnection _connection;
    private readonly TileBuilder _tree = new();
    private readonly Dictionary<(int Level, long Index), byte[]> _tiles = [];
    private readonly Queue<(long Leaf, byte[] Entry)> _entries = [];
    private long _read, _rested = Stopwatch.GetTimestamp();

    private LogCheck(NpgsqlConnection connection) => _connection = connection;

    /// <summary>The first difference, or null. Rests twice as long as it works: after a start it has a whole record to go through, and bids may be coming in beside it.</summary>
    public static async Task<Difference?> RunAsync(NpgsqlDataSource database, NoteKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        try { return await new LogCheck(connection).RunAsync(key, ct); }
        catch (LogFormatException e) { return new Difference(null, $"The log cannot be read: {e.Message}"); }
        catch (InvalidDataException) { return new Difference(null, "The log cannot be read: a packed bundle is damaged."); }
    }

    private async Task<Difference?> RunAsync(NoteKey key, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select size, events, checkpoint, published_size, published from log_head", _connection);
        (long Size, long Events, string Checkpoint, string? Published)? head = null;
        await using (var r = await command.ExecuteReaderAsync(ct)) if (await r.ReadAsync(ct)) head = (r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.IsDBNull(4) ? null : r.GetString(4));
        if (head is not { } h) return await CountAsync("select count(*) from log_entries", ct) > 0 ? new Difference(null, "There are entries, but no head of the log.") : null;
        var checkpoint = Checkpoint.Open(SignedNote.Parse(h.Checkpoint), key);
        if (checkpoint.Size != h.Size) return new Difference(null, $"The head says {h.Size} entries, its checkpoint {checkpoint.Size}.");
        var published = h.Published is { } text ? Checkpoint.Open(SignedNote.Parse(text), key) : null;

        var difference = await TurnsAsync(h.Events, h.Size, published, ct) ?? await TilesAsync(ct);
        if (difference is not null) return difference;
        if (!_tree.Root().AsSpan().SequenceEqual(checkpoint.Root)) return new Difference(null, "The entries' root is not the one in the checkpoint.");
        return await StreamsAsync(ct);
    }

    private async Task<Difference?> TurnsAsync(long events, long size, Checkpoint? published, CancellationToken ct)
    {
        var (next, leaf) = (1L, 0L);
        while (await NextTurnAsync(next, ct) is { } turn)
        {
            if (turn.FirstEvent != next) return new Difference(next, $"No turn of the log took event {next}.");
            if (turn.FirstLeaf < leaf) return new Difference(next, $"Turns overlap at leaf {turn.FirstLeaf}.");
            if (await SilentAsync(leaf, turn.FirstLeaf, published, ct) is { } silent) return silent;
            if (await TurnAsync(turn, published, ct) is { } difference) return difference;
            (next, leaf) = (turn.FirstEvent + turn.Events, turn.SecretsLeaf + 1);
        }
        if (next != events + 1) return new Difference(next, $"The head says {events} events, the turns end at {next - 1}.");
        if (await SilentAsync(leaf, size, published, ct) is { } last) return last;
        return _entries.Count > 0 || await FillAsync(1, published, ct) ? new Difference(null, $"There are more entries than the {size} of the head.") : null;
    }

    private async Task<Difference?> TurnAsync(LogTurn turn, Checkpoint? published, CancellationToken ct)
    {
        await RestAsync(ct);
        var events = await RecordedEvent.ReadAsync(_connection, "index >= $1 and index < $2 order by index", [new() { Value = turn.FirstEvent }, new() { Value = turn.FirstEvent + turn.Events }], ct);
        for (var i = 0; i < turn.Events; i++)
            if (i >= events.Count || events[i].Index != turn.FirstEvent + i) return new Difference(turn.FirstEvent + i, $"Event {turn.FirstEvent + i} is missing in the record.");
        if (events.Find(e => !e.Hash.AsSpan().SequenceEqual(HashOf(e))) is { } changed) return new Difference(changed.Index, $"Event {changed.Index} is not the one that was heard.");
        var again = Turn.Over(events, turn.Seed);
        if (!again.Secret.AsSpan().SequenceEqual(turn.Secret)) return new Difference(turn.FirstEvent, $"Which events from {turn.FirstEvent} on are secret is not what the log says.");
        if (!again.Places.AsSpan().SequenceEqual(turn.Places)) return new Difference(turn.FirstEvent, $"A secret event from {turn.FirstEvent} on is not the one in the log.");
        for (var i = 0; i < again.Entries.Count; i++)
        {
            if (_entries.Count == 0 && !await FillAsync(RowsMax, published, ct)) return new Difference(null, $"Entry {turn.FirstLeaf + i} is missing.");
            var (leaf, entry) = _entries.Dequeue();
            if (!entry.AsSpan().SequenceEqual(again.Entries[i])) return new Difference(i < again.Entries.Count - 1 ? events.First(e => turn.LeafOf(e.Index) == leaf).Index : turn.FirstEvent, $"Entry {leaf} is not what the record says.");
        }
        return null;
    }

    // Turns without events left one entry each, over nothing.
    private async Task<Difference?> SilentAsync(long from, long to, Checkpoint? published, CancellationToken ct)
    {
        for (var leaf = from; leaf < to; leaf++)
        {
            if (_entries.Count == 0 && !await FillAsync(RowsMax, published, ct)) return new Difference(null, $"Entry {leaf} is missing.");
            if (!_entries.Dequeue().Entry.AsSpan().StartsWith("{\"kind\":\"secrets\","u8)) return new Difference(null, $"Entry {leaf} belongs to no event of the record.");
        }
        return null;
    }

    private async Task<bool> FillAsync(int rows, Checkpoint? published, CancellationToken ct)
    {
        var found = new List<(long First, int Count, byte[] Bundle, byte[] Hashes)>();
        await using (var command = new NpgsqlCommand("select first, count, packed, bundle, hashes from log_entries where first >= $1 order by first limit $2", _connection) { Parameters = { new() { Value = _read }, new() { Value = rows } } })
        await using (var r = await command.ExecuteReaderAsync(ct))
            while (await r.ReadAsync(ct)) found.Add((r.GetInt64(0), r.GetInt32(1), AuditLog.Bundle(r.GetBoolean(2), r.GetFieldValue<byte[]>(3)), r.GetFieldValue<byte[]>(4)));
        foreach (var row in found)
        {
            if (row.First != _read) throw new LogFormatException("log.entries", $"after entry {_read - 1} comes {row.First}");
            var entries = EntryBundle.Decode(row.Bundle, row.Count);
            for (var i = 0; i < row.Count; i++) Take(entries[i].ToArray(), row.Hashes.AsSpan(i * MerkleTree.HashLength, MerkleTree.HashLength), published);
        }
        await RestAsync(ct);
        return found.Count > 0;
    }

    private async Task RestAsync(CancellationToken ct)
    {
        if (Stopwatch.GetElapsedTime(_rested) is var worked && worked < WorkMax) return;
        await Task.Delay(worked * RestPerWork is var rest && rest < RestMax ? rest : RestMax, ct);
        _rested = Stopwatch.GetTimestamp();
    }

    private void Take(byte[] entry, ReadOnlySpan<byte> hash, Checkpoint? published)
    {
        var leaf = MerkleTree.LeafHash(entry);
        if (!hash.SequenceEqual(leaf)) throw new LogFormatException("log.hash", $"entry {_read} has another hash than is kept with it");
        _entries.Enqueue((_read++, entry));
        _tree.Append(leaf);
        foreach (var (tile, bytes) in _tree.Size % TileId.WidthMax == 0 ? _tree.TakeTiles() : []) if (tile.Level > 0) _tiles[(tile.Level, tile.Index)] = bytes;
        if (_tree.Size == published?.Size && !_tree.Root().AsSpan().SequenceEqual(published.Root)) throw new LogFormatException("log.published", "the root of the published checkpoint is another");
    }

    private async Task<Difference?> TilesAsync(CancellationToken ct)
    {
        foreach (var (tile, bytes) in _tree.TakeTiles()) if (tile.Level > 0) _tiles[(tile.Level, tile.Index)] = bytes;
        var seen = new Dictionary<(int, long), int>();
        await using var command = new NpgsqlCommand("select level, index, width, hashes from log_tile order by level, index, width", _connection);
        await using var r = await command.ExecuteReaderAsync(ct);
        while (await r.ReadAsync(ct))
        {
            var (key, width) = ((r.GetInt32(0), r.GetInt64(1)), r.GetInt32(2));
            if (!_tiles.TryGetValue(key, out var bytes) || bytes.Length < width * MerkleTree.HashLength || !r.GetFieldValue<byte[]>(3).AsSpan().SequenceEqual(bytes.AsSpan(0, width * MerkleTree.HashLength)))
                return new Difference(null, $"Tile {new TileId(key.Item1, key.Item2, width)} is not that of the entries.");
            seen[key] = width;
        }
        foreach (var (key, bytes) in _tiles)
            if (seen.GetValueOrDefault(key) * MerkleTree.HashLength != bytes.Length) return new Difference(null, $"Tile {new TileId(key.Level, key.Index, bytes.Length / MerkleTree.HashLength)} is missing.");
        return null;
    }

    // Every stream from 1 to its last without a gap, and every alarm with its event, as the record itself says.
    private async Task<Difference?> StreamsAsync(CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            select source from (select source, count(*) as events, max(sequence) as last from event group by source) e full join stream s using (source)
            where coalesce(s.last, 0) <> coalesce(e.last, 0) or coalesce(e.events, 0) <> coalesce(e.last, 0) limit 1
            """, _connection);
        return await command.ExecuteScalarAsync(ct) is string source ? new Difference(null, $"The stream of {source} is not what the record holds of it.") : null;
    }

    private async Task<LogTurn?> NextTurnAsync(long from, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select first_event, events, first_leaf, secret, places, seed from log_turn where first_event >= $1 order by first_event limit 1", _connection) { Parameters = { new() { Value = from } } };
        await using var r = await command.ExecuteReaderAsync(ct);
        return await r.ReadAsync(ct) ? AuditLog.TurnIn(r) : null;
    }

    private async Task<long> CountAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private static byte[] HashOf(RecordedEvent e) => RecordedEvent.HashOf(new Envelope(
        e.Id, e.Type, e.Version, e.Source, e.Sequence, e.TenderId, e.Payload, e.SecretUntil, e.Salt, e.PersonId, e.OrganisationId, e.Role, e.Address, e.OccurredAt, e.TraceParent));
}
