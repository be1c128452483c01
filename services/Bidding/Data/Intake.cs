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
public sealed class Intake([FromKeyedServices(BiddingService.Name)] NpgsqlDataSource database)
{
    private const string Lock = "select stage, bid_deadline from lot where id = $1 for share";

    // The bidder's own submissions and withdrawals queue here.
    private const string LockStanding = "select revision, bid_id from standing where lot_id = $1 and bidder_id = $2 for update";

    private const string Look = """
        select exists (select 1 from registration where lot_id = $1 and bidder_id = $2), exists (select 1 from revocation where organisation_id = $2 and serial_number = $3)
        """;

    private const string LookAtUploads = "select id, part, length, received, digest from upload where id = any ($1) and lot_id = $2 and bidder_id = $3";

    private const string AddBid = """
        insert into bid (id, tender_id, lot_id, bidder_id, revision, manifest_hash, manifest, signature, thumbprint, price_upload, files_upload, receipt, submitted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """;

    private const string Stand = """
        insert into standing (lot_id, bidder_id, revision, bid_id) values ($1, $2, $3, $4)
        on conflict (lot_id, bidder_id) do update set revision = excluded.revision, bid_id = excluded.bid_id
        """;

    private const string AddEvent = """
        insert into outbox (id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """;

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct) => database.OpenConnectionAsync(ct);

    /// <summary>First round trip: the lock, and what holds under it.</summary>
    public static async Task<SubmissionFacts> LockAndReadAsync(
        NpgsqlConnection connection, Guid lot, Guid bidder, string serialNumber, Guid[] uploads, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(Lock, lot), Command(LockStanding, lot, bidder), Command(Look, lot, bidder, serialNumber), Command(LookAtUploads, uploads, lot, bidder),
            },
        };
        await batch.PrepareAsync(ct);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new NotFoundException("lot");
        var (open, deadline) = (reader.GetString(0) == nameof(LotStage.Open), reader.GetFieldValue<DateTimeOffset>(1));
        await reader.NextResultAsync(ct);
        var (revision, standing) = await reader.ReadAsync(ct) ? (reader.GetInt32(0), reader.IsDBNull(1) ? (Guid?)null : reader.GetGuid(1)) : (0, null);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        var (registered, revoked) = (reader.GetBoolean(0), reader.GetBoolean(1));
        await reader.NextResultAsync(ct);
        var found = new List<UploadFacts>(uploads.Length);
        while (await reader.ReadAsync(ct))
            found.Add(new UploadFacts(reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetString(4)));
        return new SubmissionFacts(open, deadline, registered, revoked, revision, standing, found);
    }

    /// <summary>Second round trip: everything of the bid, and the commit.</summary>
    public static async Task WriteAndCommitAsync(NpgsqlConnection connection, Bid bid, OutboxEvent message)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(AddBid, bid.Id, bid.TenderId, bid.LotId, bid.BidderId, bid.Revision, bid.ManifestHash, bid.Manifest, bid.Signature, bid.Thumbprint, bid.PriceUpload,
                    bid.FilesUpload, bid.Receipt, bid.SubmittedAt),
                Command(Stand, bid.LotId, bid.BidderId, bid.Revision, bid.Id),
                Command(AddEvent, message.Id, message.Type, message.Version, message.TenderId, message.Payload, message.SecretUntil, message.Salt, message.PersonId,
                    message.OrganisationId, message.Role, message.Address, message.OccurredAt, message.TraceParent),
                Command("commit"),
            },
        };
        await batch.PrepareAsync();
        await batch.ExecuteNonQueryAsync();
    }

    private static NpgsqlBatchCommand Command(string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(Parameter(value));
        return command;
    }

    // A missing value still needs its type to be prepared: the only ones that can be missing are ids, texts and the salt.
    private static NpgsqlParameter Parameter(object? value) => value switch
    {
        null => new NpgsqlParameter { Value = DBNull.Value },
        DateTimeOffset moment => new NpgsqlParameter { Value = moment.ToUniversalTime() },
        _ => new NpgsqlParameter { Value = value },
    };
}
