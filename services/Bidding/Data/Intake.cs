using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Data;

/// <summary>
/// The two round trips of a submission, written by hand because everybody submits in the last minutes: the first takes the lot's
/// shared lock and reads what the decision needs, the second writes bid, standing and event, and commits.
/// </summary>
public sealed class Intake([FromKeyedServices(BiddingService.Name)] NpgsqlDataSource database) : IDisposable
{
    // Few connections with warm plans take more bids than many that wait for each other; their commits are still written together.
    private const int AtOnceMax = 16;

    private const string Lock = "select stage, bid_deadline from lot where id = $1 for share";

    // A statement of its own after the lock: its snapshot holds whatever was committed while this one waited.
    private const string Look = """
        select s.revision, s.bid_id, r.lot_id is not null, exists (select 1 from revocation where organisation_id = $2 and serial_number = $3),
               p.part, p.length, p.received, p.digest, f.part, f.length, f.received, f.digest
        from (values (1)) as one
        left join standing s on s.lot_id = $1 and s.bidder_id = $2
        left join registration r on r.lot_id = $1 and r.bidder_id = $2
        left join upload p on p.id = $4 and p.lot_id = $1 and p.bidder_id = $2
        left join upload f on f.id = $5 and f.lot_id = $1 and f.bidder_id = $2
        """;

    // All or nothing: where the bidder's standing bid is no longer the one that was seen, no row is written at all.
    private const string Write = """
        with stands as (
          insert into standing (lot_id, bidder_id, revision, bid_id) values ($3, $4, $5, $1)
          on conflict (lot_id, bidder_id) do update set revision = excluded.revision, bid_id = excluded.bid_id
            where standing.revision = excluded.revision - 1 and standing.bid_id is not distinct from $14
          returning 1),
        taken as (
          insert into bid (id, tender_id, lot_id, bidder_id, revision, manifest_hash, manifest, signature, thumbprint, price_upload, files_upload, receipt, submitted_at)
          select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from stands)
        insert into outbox (id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent)
        select $15, $16, $17, $2, $18, $19, $20, $21, $22, $23, $24, $13, $25 from stands
        """;

    private readonly SemaphoreSlim _gate = new(AtOnceMax, AtOnceMax);

    /// <summary>One submission's transaction; what it has not committed when it is disposed never happened.</summary>
    public async Task<Transaction> BeginAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var connection = await database.OpenConnectionAsync(ct);
            return new Transaction(connection, await connection.BeginTransactionAsync(ct), _gate);
        }
        catch
        {
            _gate.Release();
            throw;
        }
    }

    public void Dispose() => _gate.Dispose();

    public sealed class Transaction(NpgsqlConnection connection, NpgsqlTransaction transaction, SemaphoreSlim gate) : IAsyncDisposable
    {
        /// <summary>First round trip: the lock, and what holds under it.</summary>
        public async Task<SubmissionFacts> LockAndReadAsync(Guid lot, Guid bidder, string serialNumber, Guid price, Guid files, CancellationToken ct)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Command(Lock, lot), Command(Look, lot, bidder, serialNumber, price, files) } };
            await batch.PrepareAsync(ct);
            await using var reader = await batch.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct)) throw new NotFoundException("lot");
            var (open, deadline) = (reader.GetString(0) == nameof(LotStage.Open), reader.GetFieldValue<DateTimeOffset>(1));
            await reader.NextResultAsync(ct);
            await reader.ReadAsync(ct);
            return new SubmissionFacts(open, deadline, reader.GetBoolean(2), reader.GetBoolean(3), reader.IsDBNull(0) ? 0 : reader.GetInt32(0), reader.IsDBNull(1) ? null : reader.GetGuid(1),
                Upload(reader, 4), Upload(reader, 8));
        }

        /// <summary>Second round trip: everything of the bid, and the commit. False if the bidder's standing bid changed since the first; then nothing was written.</summary>
        public async Task<bool> WriteAndCommitAsync(Bid bid, Guid? replaced, OutboxEvent message)
        {
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    Command(Write, bid.Id, bid.TenderId, bid.LotId, bid.BidderId, bid.Revision, bid.ManifestHash, bid.Manifest, bid.Signature, bid.Thumbprint, bid.PriceUpload, bid.FilesUpload,
                        bid.Receipt, bid.SubmittedAt, Typed(replaced, NpgsqlDbType.Uuid), message.Id, message.Type, message.Version, message.Payload, Typed(message.SecretUntil, NpgsqlDbType.Text),
                        Typed(message.Salt, NpgsqlDbType.Bytea), Typed(message.PersonId, NpgsqlDbType.Uuid), Typed(message.OrganisationId, NpgsqlDbType.Uuid), Typed(message.Role, NpgsqlDbType.Text),
                        Typed(message.Address, NpgsqlDbType.Text), Typed(message.TraceParent, NpgsqlDbType.Text)),
                    Command("commit"),
                },
            };
            await batch.PrepareAsync();
            await batch.ExecuteNonQueryAsync();
            return batch.BatchCommands[0].RecordsAffected == 1;
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await transaction.DisposeAsync();
                await connection.DisposeAsync();
            }
            finally { gate.Release(); }
        }

        private static UploadFacts? Upload(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null
            : new UploadFacts(reader.GetString(column), reader.GetInt64(column + 1), reader.GetInt64(column + 2), reader.IsDBNull(column + 3) ? null : reader.GetString(column + 3));

        private static NpgsqlBatchCommand Command(string sql, params object[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
            return command;
        }

        // A value that may be missing names its type, so that one prepared plan serves both.
        private static NpgsqlParameter Typed(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
    }
}
