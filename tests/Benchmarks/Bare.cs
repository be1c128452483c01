using System.Diagnostics;
using Npgsql;

namespace Tendering.Benchmarks;

/// <summary>The floor: single-row inserts with commit of the same bytes at the same concurrency, without HTTP, stored as bids are.</summary>
internal static class Bare
{
    /// <summary>The bytes of a bid.</summary>
    public sealed record Row(string Manifest, byte[] Signature);

    /// <summary>Rows a second.</summary>
    public static async Task<double> RunAsync(string postgres, int callers, int rows, IReadOnlyList<Row> bytes)
    {
        await using var database = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(postgres) { MaxPoolSize = callers, Database = "tendering_bidding" }.ConnectionString).Build();
        await RunAsync(database, "create table if not exists bench_bare (id uuid primary key, manifest text not null, signature bytea not null) with (toast_tuple_target = 8160); truncate bench_bare");
        try
        {
            await Rate.OfAsync(callers, callers * 4, i => InsertAsync(database, bytes[i % bytes.Count]));          // connections are open, as they are in the service
            return await Rate.OfAsync(callers, rows, i => InsertAsync(database, bytes[i % bytes.Count]));
        }
        finally { await RunAsync(database, "drop table bench_bare"); }
    }

    private static async Task InsertAsync(NpgsqlDataSource database, Row row)
    {
        await using var insert = database.CreateCommand("insert into bench_bare values ($1, $2, $3)");
        insert.Parameters.Add(new() { Value = Guid.CreateVersion7() });
        insert.Parameters.Add(new() { Value = row.Manifest });
        insert.Parameters.Add(new() { Value = row.Signature });
        await insert.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Operations a second of so many callers, each going on with the next at once.</summary>
internal static class Rate
{
    public static async Task<double> OfAsync(int callers, int operations, Func<int, Task> operation)
    {
        var (next, start) = (-1, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < operations;) await operation(i);
        }));
        return operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
