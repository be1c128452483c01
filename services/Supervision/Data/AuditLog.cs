using System.IO.Compression;
using System.Security.Cryptography;
using Npgsql;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Supervision.Data;

/// <summary>How far the log is, and what of it is published.</summary>
public sealed record LogHead(long Size, long Events, string Checkpoint, long? PublishedSize, string? Published);

/// <summary>A turn that took events; <see cref="LeafOf"/> says what became of each.</summary>
public sealed record LogTurn(long FirstEvent, int Events, long FirstLeaf, int[] Secret, byte[] Places, byte[] Seed)
{
    /// <summary>The leaf of the entry over all secret events of the turn.</summary>
    public long SecretsLeaf => FirstLeaf + Events - Secret.Length;

    public bool IsSecret(long index) => Array.BinarySearch(Secret, (int)(index - FirstEvent)) >= 0;

    public long LeafOf(long index)
    {
        var before = Array.BinarySearch(Secret, (int)(index - FirstEvent));
        return before >= 0 ? SecretsLeaf : index - FirstEvent - ~before + FirstLeaf;
    }

    public SecretOpening OpeningOf(RecordedEvent e, SecretTree? tree = null)
    {
        var places = Domain.Turn.Unpack(Places);
        var position = places[Array.BinarySearch(Secret, (int)(e.Index - FirstEvent))].Position;
        var face = System.Text.Encoding.UTF8.GetString(Domain.EventFace.Of(e, Seed).Bytes);
        return new SecretOpening(face, SecretsLeaf, position, (tree ?? Tree()).Path(position), Domain.EventFace.FaceSalt(e, Seed));
    }

    public SecretTree Tree() => new(Seed, Domain.Turn.Unpack(Places));
}

/// <summary>Reads the log from the database; any instance can.</summary>
public sealed class AuditLog([FromKeyedServices(SupervisionService.Name)] NpgsqlDataSource database, LogOptions options, Secrets secrets, TimeProvider clock) : ITileReader
{
    /// <summary>The database's channel on which is told that the log has grown.</summary>
    public const string GrownChannel = "log_grown";

    private NoteSigner? _signer;

    public LogOptions Options => options;

    public NpgsqlDataSource Database => database;

    public TileProver Prover => new(this);

    public async Task<LogHead?> HeadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select size, events, checkpoint, published_size, published from log_head");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new LogHead(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetString(4)) : null;
    }

    /// <summary>The turn that took this event; null while it waits for one.</summary>
    public async Task<LogTurn?> TurnOfAsync(long index, CancellationToken ct)
    {
        await using var command = database.CreateCommand("select first_event, events, first_leaf, secret, places, seed from log_turn where first_event <= $1 and first_event + events > $1 order by first_event desc limit 1");
        command.Parameters.Add(new() { Value = index });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? TurnIn(reader) : null;
    }

    internal static LogTurn TurnIn(NpgsqlDataReader r) => new(r.GetInt64(0), r.GetInt32(1), r.GetInt64(2), r.GetFieldValue<int[]>(3), r.GetFieldValue<byte[]>(4), r.GetFieldValue<byte[]>(5));

    public async Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, tiles, ct);
    }

    public static async Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(NpgsqlConnection connection, IReadOnlyCollection<TileId> tiles, CancellationToken ct)
    {
        var read = new Dictionary<TileId, byte[]>();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var tile in tiles) batch.BatchCommands.Add(tile.Level == 0 ? Parts("hashes", tile) : Above(tile));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        foreach (var tile in tiles)
        {
            using var bytes = new MemoryStream();
            while (await reader.ReadAsync(ct)) bytes.Write(reader.GetFieldValue<byte[]>(0));
            var length = tile.Width * MerkleTree.HashLength;
            if (bytes.Length >= length) read[tile] = bytes.ToArray()[..length];
            await reader.NextResultAsync(ct);
        }
        return read;
    }

    /// <summary>A bundle of entries, or null where the log has not so many.</summary>
    public async Task<byte[]?> BundleAsync(TileId tile, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Parts("packed, count, bundle", tile) } };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        using var bundle = new MemoryStream();
        var count = 0;
        while (await reader.ReadAsync(ct))
        {
            count += reader.GetInt32(1);
            bundle.Write(Bundle(reader.GetBoolean(0), reader.GetFieldValue<byte[]>(2)));
        }
        if (count < tile.Width) return null;
        var bytes = bundle.ToArray();
        return count == tile.Width ? bytes : bytes[..EntryBundle.Decode(bytes, count).Take(tile.Width).Sum(e => 2 + e.Length)];
    }

    /// <summary>The log's entry at a leaf that is there.</summary>
    public async Task<byte[]> EntryAsync(long leaf, CancellationToken ct)
    {
        var tile = TileId.Holding(TileId.Entries, leaf, leaf + 1);
        return EntryBundle.Decode((await BundleAsync(tile, ct)).Or404("entry"), tile.Width)[^1].ToArray();
    }

    /// <summary>Signs as this log. The key is made when it is first needed.</summary>
    public async Task<NoteSigner> SignerAsync(CancellationToken ct)
    {
        if (_signer is { } signer) return signer;
        var fresh = LogKey.Make(secrets, clock.GetUtcNow());
        await using var make = database.CreateCommand("insert into log_key (id, public_key, private_key, created_at) values ($1, $2, $3, $4) on conflict do nothing");
        foreach (var value in new object[] { fresh.Id, fresh.PublicKey, fresh.PrivateKey, fresh.CreatedAt.ToUniversalTime() }) make.Parameters.Add(new() { Value = value });
        await make.ExecuteNonQueryAsync(ct);
        await using var read = database.CreateCommand("select public_key, private_key, created_at from log_key");
        await using var reader = await read.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var key = new LogKey { PublicKey = reader.GetString(0), PrivateKey = reader.GetFieldValue<byte[]>(1), CreatedAt = reader.GetFieldValue<DateTimeOffset>(2) };
        return _signer = NoteSigner.ForLog(options.Origin, key.Open(secrets));
    }

    internal static byte[] Pack(byte[] bundle)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bundle);
        return packed.ToArray();
    }

    internal static byte[] Bundle(bool isPacked, byte[] packed)
    {
        if (!isPacked) return packed;
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var bundle = new MemoryStream();
        gzip.CopyTo(bundle);
        return bundle.ToArray();
    }

    private static NpgsqlBatchCommand Parts(string columns, TileId tile) => new($"select {columns} from log_entries where first >= $1 and first < $2 order by first")
    {
        Parameters = { new() { Value = tile.Index * TileId.WidthMax }, new() { Value = (tile.Index * TileId.WidthMax) + tile.Width } },
    };

    private static NpgsqlBatchCommand Above(TileId tile) => new("select hashes from log_tile where level = $1 and index = $2 and width >= $3 order by width limit 1")
    {
        Parameters = { new() { Value = tile.Level }, new() { Value = tile.Index }, new() { Value = tile.Width } },
    };
}
