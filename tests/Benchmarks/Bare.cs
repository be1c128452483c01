using System.Diagnostics;
using Npgsql;

namespace Tendering.Benchmarks;

/// <summary>The floor: single-row inserts with commit of the same bytes at the same concurrency, without HTTP.</summary>
internal static class Bare
{
    /// <summary>Rows a second.</summary>
    public static async Task<double> RunAsync(string postgres, int callers, int rows, int bytes)
    {
        await using var database = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(postgres) { MaxPoolSize = callers, Database = "tendering_bidding" }.ConnectionString).Build();
        await RunAsync(database, "create table if not exists bench_bare (id uuid primary key, body text not null); truncate bench_bare");
        var body = new string('x', bytes);
        try
        {
            await Rate.OfAsync(callers, callers * 4, _ => InsertAsync(database, body));          // connections and plans are warm, as they are in the service
            return await Rate.OfAsync(callers, rows, _ => InsertAsync(database, body));
        }
        finally { await RunAsync(database, "drop table bench_bare"); }
    }

    private static async Task InsertAsync(NpgsqlDataSource database, string body)
    {
        await using var insert = database.CreateCommand("insert into bench_bare values ($1, $2)");
        insert.Parameters.Add(new() { Value = Guid.CreateVersion7() });
        insert.Parameters.Add(new() { Value = body });
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
