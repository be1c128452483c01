using System.Security.Cryptography;
using Npgsql;
using Tendering.Protocols;
using Tendering.Supervision.Domain;
using Tendering.Supervision.Features;

namespace Tendering.Supervision.Data;

/// <summary>Writes a tender's dossier line by line (docs/formats/dossier.md); what is large never stands in memory as a whole.</summary>
public sealed class Dossier(AuditLog log, Guid tender, long[] events, (long First, long Last) own, long through, Checkpoint checkpoint, SignedNote note) : ITileReader
{
    private const string Format = "tendering-dossier/1";
    private const int BatchMax = 200;
    private static readonly string[] OfOrganisations = ["identity.organisation-registered", "identity.certificate-issued", "identity.certificate-revoked"];
    private static readonly string[] OfKeys = ["bidding.receipt-key-published", "bid-opening.coefficient-key-published", "expert-selection.vrf-key-published"];

    private readonly Dictionary<TileId, byte[]> _tiles = [];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private sealed record Keys(string Key, int Needed, string Origin, string[] Witnesses);
    private sealed record Header(string Kind, string Format, Guid Tender, string Made, long Through, int Events, int Timestamps, Keys Log, string Checkpoint);
    private sealed record Secret(string[] Path, long Position, string Salt, string Until);
    private sealed record EventLine(string Kind, string Face, HiddenPart Hidden, string HiddenSalt, string? Payload, long Leaf, string[] Proof, Secret? Secret);
    private sealed record TimestampLine(string Kind, string Checkpoint, string Token, string[] Consistency);
    private sealed record SignatureLine(string Kind, string Note);

    /// <summary>Finds what belongs into it; null for a tender that nobody has heard of.</summary>
    public static async Task<Dossier?> FindAsync(AuditLog log, Guid tender, CancellationToken ct)
    {
        var (checkpoint, note) = await Proofs.PublishedAsync(log, ct);
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        var through = await ColumnAsync<long>(connection, "select coalesce(max(first_event + events - 1), 0) from log_turn where first_leaf < $1", [new() { Value = checkpoint.Size }], ct);
        var own = await ColumnAsync<long>(connection, "select index from event where tender_id = $1 and index <= $2", [new() { Value = tender }, new() { Value = through[0] }], ct);
        if (own.Count == 0) return null;
        var organisations = await ColumnAsync<Guid>(connection, "select distinct organisation_id from event where tender_id = $1 and index <= $2 and organisation_id is not null", [new() { Value = tender }, new() { Value = through[0] }], ct);
        // The search lags behind the record: what it has not reached yet is looked for in the record itself.
        var about = await ColumnAsync<long>(connection, """
            select index from search where index <= $3 and (type = any ($1) and grams && $2 or type = any ($4))
            union
            select index from event where index > coalesce((select max(index) from search), 0) and index <= $3
              and (type = any ($1) and exists (select 1 from unnest($5) as o (id) where strpos(payload, o.id) > 0) or type = any ($4))
            """, [
                new() { Value = OfOrganisations }, new() { Value = organisations.Select(SearchText.GramOf).ToArray() }, new() { Value = through[0] }, new() { Value = OfKeys },
                new() { Value = organisations.Select(o => o.ToString()).ToArray() },
            ], ct);
        return new Dossier(log, tender, [.. own.Concat(about).Distinct().Order()], (own.Min(), own.Max()), through[0], checkpoint, note);
    }

    public async Task WriteAsync(Stream output, DateTimeOffset made, CancellationToken ct)
    {
        var signer = await log.SignerAsync(ct);
        var timestamps = await TimestampsAsync(ct);
        var keys = new Keys(signer.Key.ToString(), log.Options.Needed, log.Options.Origin, [.. log.Options.Witnesses.Select(w => w.Key.ToString())]);
        await LineAsync(output, new Header("header", Format, tender, EventFace.Time(made), through, events.Length, timestamps.Count, keys, note.ToString()), ct);
        var prover = new TileProver(this);
        await using var connection = await log.Database.OpenConnectionAsync(ct);
        foreach (var batch in events.Chunk(BatchMax))
        {
            LogTurn? turn = null;
            SecretTree? tree = null;
            foreach (var e in await RecordedEvent.ReadAsync(connection, "index = any ($1) order by index", [new() { Value = batch }], ct))
            {
                if (turn is null || e.Index >= turn.FirstEvent + turn.Events) (turn, tree) = ((await log.TurnOfAsync(e.Index, ct))!, null);
                if (turn.IsSecret(e.Index)) tree ??= turn.Tree();
                await LineAsync(output, await EventAsync(e, turn, tree, prover, ct), ct);
            }
        }
        foreach (var stamp in timestamps)
        {
            var proof = await prover.ConsistencyAsync(Math.Min(stamp.Size, checkpoint.Size), Math.Max(stamp.Size, checkpoint.Size), ct);
            await LineAsync(output, new TimestampLine("timestamp", stamp.Checkpoint, stamp.Token, Hex(proof)), ct);
        }
        var text = $"{Format}\n{tender}\n{Convert.ToBase64String(_hash.GetCurrentHash())}\n";
        await LineAsync(output, new SignatureLine("signature", new SignedNote(text, [signer.Sign(text)]).ToString()), ct);
    }

    // From the tender's first event to the first time-stamp that covers its last: those before and after say nothing more of it.
    private async Task<List<ListTimestamps.Item>> TimestampsAsync(CancellationToken ct)
    {
        async Task<long> LeafAsync(long index) => (await log.TurnOfAsync(index, ct))!.LeafOf(index);
        return await ListTimestamps.BetweenAsync(log, await LeafAsync(own.First), await LeafAsync(own.Last), ct);
    }

    private async Task<EventLine> EventAsync(RecordedEvent e, LogTurn turn, SecretTree? tree, TileProver prover, CancellationToken ct)
    {
        var (face, hashed) = EventFace.Of(e, turn.Seed);
        Secret? secret = null;
        if (turn.IsSecret(e.Index))
        {
            var opening = turn.OpeningOf(e, tree);
            secret = new Secret(Hex(opening.Path), opening.Position, Convert.ToHexStringLower(opening.Salt), e.SecretUntil!);
        }
        var leaf = turn.LeafOf(e.Index);
        return new EventLine("event", System.Text.Encoding.UTF8.GetString(face), HiddenPart.Of(e), Convert.ToHexStringLower(EventFace.HiddenSalt(turn.Seed, e.Id)), hashed ? e.Payload : null, leaf,
            Hex(await prover.InclusionAsync(leaf, checkpoint.Size, ct)), secret);
    }

    private async Task LineAsync<T>(Stream output, T line, CancellationToken ct)
    {
        byte[] bytes = [.. CanonicalJson.Serialize(line), (byte)'\n'];
        _hash.AppendData(bytes);
        await output.WriteAsync(bytes, ct);
    }

    // Neighbouring events share almost all of their tiles.
    async Task<IReadOnlyDictionary<TileId, byte[]>> ITileReader.ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct)
    {
        TileId[] missing = [.. tiles.Where(t => !_tiles.ContainsKey(t))];
        if (missing.Length > 0) foreach (var (tile, bytes) in await log.ReadAsync(missing, ct)) _tiles[tile] = bytes;
        return _tiles;
    }

    private static string[] Hex(IReadOnlyList<byte[]> hashes) => [.. hashes.Select(Convert.ToHexStringLower)];

    private static async Task<List<T>> ColumnAsync<T>(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var values = new List<T>();
        while (await reader.ReadAsync(ct)) values.Add(reader.GetFieldValue<T>(0));
        return values;
    }
}
