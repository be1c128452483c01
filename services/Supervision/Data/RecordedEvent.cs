using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Tendering.ServiceDefaults;

namespace Tendering.Supervision.Data;

/// <summary>An event in the record, at its index for ever.</summary>
public sealed record RecordedEvent(
    long Index, string Source, long Sequence, Guid Id, string Type, int Version, Guid? TenderId, string Payload, string? SecretUntil, byte[]? Salt,
    Guid? PersonId, Guid? OrganisationId, string? Role, string? Address, DateTimeOffset OccurredAt, string? TraceParent, byte[] Hash)
{
    public static RecordedEvent At(long index, Envelope e) => new(
        index, e.Source, e.Sequence, e.Id, e.Type, e.Version, e.TenderId, e.Payload, e.SecretUntil, e.Salt, e.PersonId, e.OrganisationId, e.Role, e.Address, e.OccurredAt, e.TraceParent, HashOf(e));

    /// <summary>What must be the same whenever an event is sent: all but the trace, which is each sending's own. The list stays as it is when envelopes grow.</summary>
    public static byte[] HashOf(Envelope e) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new object?[]
    {
        e.Id, e.Type, e.Version, e.Source, e.Sequence, e.TenderId, e.Payload, e.SecretUntil, e.Salt, e.PersonId, e.OrganisationId, e.Role, e.Address, e.OccurredAt.UtcTicks,
    }));

    /// <summary>Whatever these conditions ask for, without the weight of a mapper: the log and its readers go through the whole record.</summary>
    public static async Task<List<RecordedEvent>> ReadAsync(NpgsqlConnection connection, string where, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            select index, source, sequence, id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent, hash from event where {where}
            """, connection);
        command.Parameters.AddRange(parameters);
        await using var r = await command.ExecuteReaderAsync(ct);
        var rows = new List<RecordedEvent>();
        while (await r.ReadAsync(ct))
            rows.Add(new RecordedEvent(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.GetGuid(3), r.GetString(4), r.GetInt32(5), Id(6), r.GetString(7), Text(8), Bytes(9), Id(10), Id(11), Text(12), Text(13),
                r.GetFieldValue<DateTimeOffset>(14), Text(15), r.GetFieldValue<byte[]>(16)));
        return rows;

        Guid? Id(int column) => r.IsDBNull(column) ? null : r.GetGuid(column);
        string? Text(int column) => r.IsDBNull(column) ? null : r.GetString(column);
        byte[]? Bytes(int column) => r.IsDBNull(column) ? null : r.GetFieldValue<byte[]>(column);
    }

    /// <summary>Writes many rows in one statement; row by row would be the bottleneck of the whole record.</summary>
    public static async Task InsertAsync(NpgsqlConnection connection, IReadOnlyList<RecordedEvent> rows, CancellationToken ct)
    {
        if (rows.Count == 0) return;
        await using var command = new NpgsqlCommand("""
            insert into event (index, source, sequence, id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent, hash)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            """, connection);
        void Column<T>(NpgsqlDbType type, Func<RecordedEvent, T> value) =>
            command.Parameters.Add(new NpgsqlParameter { Value = rows.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
        Column(NpgsqlDbType.Bigint, r => r.Index);
        Column(NpgsqlDbType.Text, r => r.Source);
        Column(NpgsqlDbType.Bigint, r => r.Sequence);
        Column(NpgsqlDbType.Uuid, r => r.Id);
        Column(NpgsqlDbType.Text, r => r.Type);
        Column(NpgsqlDbType.Integer, r => r.Version);
        Column(NpgsqlDbType.Uuid, r => r.TenderId);
        Column(NpgsqlDbType.Text, r => r.Payload);
        Column(NpgsqlDbType.Text, r => r.SecretUntil);
        Column(NpgsqlDbType.Bytea, r => r.Salt);
        Column(NpgsqlDbType.Uuid, r => r.PersonId);
        Column(NpgsqlDbType.Uuid, r => r.OrganisationId);
        Column(NpgsqlDbType.Text, r => r.Role);
        Column(NpgsqlDbType.Text, r => r.Address);
        Column(NpgsqlDbType.TimestampTz, r => r.OccurredAt.ToUniversalTime());
        Column(NpgsqlDbType.Text, r => r.TraceParent);
        Column(NpgsqlDbType.Bytea, r => r.Hash);
        await command.ExecuteNonQueryAsync(ct);
    }
}
