using Npgsql;
using NpgsqlTypes;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>The two round trips of a batch of submissions, written by hand.</summary>
public sealed partial class Intake
{
    private const string Lock = "select id, stage, bid_deadline from lot where id = any ($1) order by id for share";

    // A statement of its own after the lock: its snapshot holds whatever was committed while this one waited.
    private const string Look = """
        select s.revision, s.bid_id, r.lot_id is not null, v.serial_number is not null,
               p.part, p.length, p.received, p.digest, f.part, f.length, f.received, f.digest
        from unnest($1, $2, $3, $4, $5) with ordinality as i (lot, bidder, serial, price, files, n)
        left join standing s on s.lot_id = i.lot and s.bidder_id = i.bidder
        left join registration r on r.lot_id = i.lot and r.bidder_id = i.bidder
        left join revocation v on v.organisation_id = i.bidder and v.serial_number = i.serial
        left join upload p on p.id = i.price and p.lot_id = i.lot and p.bidder_id = i.bidder and p.removed_at is null
        left join upload f on f.id = i.files and f.lot_id = i.lot and f.bidder_id = i.bidder and f.removed_at is null
        order by i.n
        """;

    // All or nothing for each bid: where the bidder's standing bid is no longer the one that was seen, no row of it is written at all. Sorted, so that two batches cannot wait for each other.
    // A list that is asked `in … is true` is hashed; as a join it would be walked through for each bid.
    private const string Write = """
        with i as (
          select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
            with ordinality as i (id, tender, lot, bidder, revision, hash, manifest, signature, thumbprint, price, files, receipt, replaced,
              event, type, version, payload, secret_until, salt, person, role, address, trace, n)),
        stands as (
          insert into standing (lot_id, bidder_id, revision, bid_id) select lot, bidder, revision, id from i order by lot, bidder
          on conflict (lot_id, bidder_id) do update set revision = excluded.revision, bid_id = excluded.bid_id
            where standing.revision = excluded.revision - 1 and standing.bid_id is not distinct from ($13::uuid[])[array_position($1::uuid[], excluded.bid_id)]
          returning bid_id),
        taken as (
          insert into bid (id, tender_id, lot_id, bidder_id, revision, manifest_hash, manifest, signature, thumbprint, price_upload, files_upload, receipt, submitted_at)
          select id, tender, lot, bidder, revision, hash, manifest, signature, thumbprint, price, files, receipt, $24 from i where (id in (select bid_id from stands)) is true order by n),
        told as (
          insert into outbox (id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent)
          select event, type, version, tender, payload, secret_until, salt, person, bidder, role, address, $24, trace from i where (id in (select bid_id from stands)) is true order by n)
        select bid_id from stands
        """;

    private static async Task<SubmissionFacts?[]> LockAndReadAsync(NpgsqlConnection connection, List<Waiting> batch)
    {
        await using var trip = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(Lock, Column(batch.Select(w => w.Bid.Lot.Id).Distinct(), NpgsqlDbType.Uuid)),
                Command(Look, Column(batch.Select(w => w.Bid.Lot.Id), NpgsqlDbType.Uuid), Column(batch.Select(w => w.Bid.Manifest.Bidder), NpgsqlDbType.Uuid),
                    Column(batch.Select(w => w.Bid.SerialNumber), NpgsqlDbType.Text), Column(batch.Select(w => w.Bid.PriceUpload), NpgsqlDbType.Uuid), Column(batch.Select(w => w.Bid.FilesUpload), NpgsqlDbType.Uuid)),
            },
        };
        await trip.PrepareAsync();
        await using var reader = await trip.ExecuteReaderAsync();
        var lots = new Dictionary<Guid, (bool Open, DateTimeOffset Deadline)>();
        while (await reader.ReadAsync()) lots[reader.GetGuid(0)] = (reader.GetString(1) == nameof(LotStage.Open), reader.GetFieldValue<DateTimeOffset>(2));
        await reader.NextResultAsync();
        var facts = new SubmissionFacts?[batch.Count];
        for (var i = 0; await reader.ReadAsync(); i++)
        {
            if (!lots.TryGetValue(batch[i].Bid.Lot.Id, out var lot)) continue;
            facts[i] = new SubmissionFacts(lot.Open, lot.Deadline, reader.GetBoolean(2), reader.GetBoolean(3), reader.IsDBNull(0) ? 0 : reader.GetInt32(0), reader.IsDBNull(1) ? null : reader.GetGuid(1),
                Upload(reader, 4), Upload(reader, 8));
        }
        return facts;
    }

    // Returns the ids that were stored: the commit is done when they are read.
    private static async Task<HashSet<Guid>> WriteAndCommitAsync(NpgsqlConnection connection, List<(Waiting Waiting, Bid Bid, Guid? Replaced, OutboxEvent Message)> good)
    {
        NpgsqlParameter Of<T>(Func<(Waiting, Bid Bid, Guid? Replaced, OutboxEvent Message), T> value, NpgsqlDbType type) => Column(good.Select(value), type);
        await using var trip = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(Write,
                    Of(g => g.Bid.Id, NpgsqlDbType.Uuid), Of(g => g.Bid.TenderId, NpgsqlDbType.Uuid), Of(g => g.Bid.LotId, NpgsqlDbType.Uuid), Of(g => g.Bid.BidderId, NpgsqlDbType.Uuid),
                    Of(g => g.Bid.Revision, NpgsqlDbType.Integer), Of(g => g.Bid.ManifestHash, NpgsqlDbType.Text), Of(g => g.Bid.Manifest, NpgsqlDbType.Text), Of(g => g.Bid.Signature, NpgsqlDbType.Bytea),
                    Of(g => g.Bid.Thumbprint, NpgsqlDbType.Text), Of(g => g.Bid.PriceUpload, NpgsqlDbType.Uuid), Of(g => g.Bid.FilesUpload, NpgsqlDbType.Uuid), Of(g => g.Bid.Receipt, NpgsqlDbType.Text),
                    Of(g => g.Replaced, NpgsqlDbType.Uuid), Of(g => g.Message.Id, NpgsqlDbType.Uuid), Of(g => g.Message.Type, NpgsqlDbType.Text), Of(g => g.Message.Version, NpgsqlDbType.Integer),
                    Of(g => g.Message.Payload, NpgsqlDbType.Text), Of(g => g.Message.SecretUntil, NpgsqlDbType.Text), Of(g => g.Message.Salt, NpgsqlDbType.Bytea), Of(g => g.Message.PersonId, NpgsqlDbType.Uuid),
                    Of(g => g.Message.Role, NpgsqlDbType.Text), Of(g => g.Message.Address, NpgsqlDbType.Text), Of(g => g.Message.TraceParent, NpgsqlDbType.Text),
                    new NpgsqlParameter { Value = good[0].Bid.SubmittedAt, NpgsqlDbType = NpgsqlDbType.TimestampTz }),
                new NpgsqlBatchCommand("commit"),
            },
        };
        await trip.PrepareAsync();
        var stored = new HashSet<Guid>();
        await using var reader = await trip.ExecuteReaderAsync();
        while (await reader.ReadAsync()) stored.Add(reader.GetGuid(0));
        while (await reader.NextResultAsync()) { }
        return stored;
    }

    private static UploadFacts? Upload(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null
        : new UploadFacts(reader.GetString(column), reader.GetInt64(column + 1), reader.GetInt64(column + 2), reader.IsDBNull(column + 3) ? null : reader.GetString(column + 3));

    private static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(values);
        return command;
    }

    private static NpgsqlParameter Column<T>(IEnumerable<T> values, NpgsqlDbType type) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };
}
