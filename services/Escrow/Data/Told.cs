using Npgsql;
using NpgsqlTypes;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

/// <summary>Writes events to the outbox in one statement, whatever their number, in the transaction that the connection is in.</summary>
internal static class Told
{
    public static async Task<int> WriteAsync(NpgsqlConnection connection, IReadOnlyCollection<OutboxEvent> events, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            insert into outbox (id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent)
            select * from unnest(@ids, @types, @versions, @tenders, @payloads, @secrets, @salts, @persons, @organisations, @roles, @addresses, @ats, @traces)
            """, connection);
        command.Parameters.AddRange(new[]
        {
            Array("ids", events.Select(e => e.Id)), Array("types", events.Select(e => e.Type)), Array("versions", events.Select(e => e.Version)), Nullable("tenders", NpgsqlDbType.Uuid, events.Select(e => e.TenderId)),
            Array("payloads", events.Select(e => e.Payload)), Nullable("secrets", NpgsqlDbType.Text, events.Select(e => e.SecretUntil)), Nullable("salts", NpgsqlDbType.Bytea, events.Select(e => e.Salt)),
            Nullable("persons", NpgsqlDbType.Uuid, events.Select(e => e.PersonId)), Nullable("organisations", NpgsqlDbType.Uuid, events.Select(e => e.OrganisationId)),
            Nullable("roles", NpgsqlDbType.Text, events.Select(e => e.Role)), Nullable("addresses", NpgsqlDbType.Text, events.Select(e => e.Address)),
            Array("ats", events.Select(e => e.OccurredAt.ToUniversalTime())), Nullable("traces", NpgsqlDbType.Text, events.Select(e => e.TraceParent)),
        });
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlParameter Array<T>(string name, IEnumerable<T> values) where T : notnull => new(name, values.ToArray());

    private static NpgsqlParameter Nullable<T>(string name, NpgsqlDbType type, IEnumerable<T> values) => new(name, NpgsqlDbType.Array | type) { Value = values.ToArray() };
}
