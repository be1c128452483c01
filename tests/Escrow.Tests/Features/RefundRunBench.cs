using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;

namespace Tendering.Escrow.Tests.Features;

/// <summary>Not a test of every run: how long the refunds of a whole tender take, beside the floor of copying as many rows on the same server.</summary>
public class RefundRunBench
{
    private const int Deposits = 10_000;
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(10);

    [Fact(Explicit = true)]
    public async Task A_run_of_ten_thousand_deposits()
    {
        await using var process = await EscrowProcess.PrepareAsync();
        var now = TimeProvider.System.GetUtcNow();
        var lot = await ManyDeposits.SeedAsync(process.ConnectionString, Deposits, now);
        var floor = await CopyAsync(process.ConnectionString);
        var start = Stopwatch.GetTimestamp();
        await RunAsync(process.ConnectionString, lot, now);
        var run = Stopwatch.GetElapsedTime(start);
        await using var db = ManyDeposits.Open(process.ConnectionString);
        Assert.Equal(Deposits, await db.PaymentOrders.CountAsync(o => o.Reason == OrderReasons.Refund));
        Assert.Empty(await Invariants.ViolatedAsync(db, default));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FIGURE refund_run {run.TotalSeconds:F2} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FIGURE refund_run_copy {floor.TotalSeconds:F2} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"RATIO copy_per_refund_run {floor / run:F3}"));
        Assert.True(run < Max, $"{run.TotalSeconds} s");
    }

    private static async Task RunAsync(string connection, Lot lot, DateTimeOffset now)
    {
        var isFirst = true;
        while (true)
        {
            await using var db = ManyDeposits.Open(connection);
            await using var transaction = await db.Database.BeginTransactionAsync();
            if (isFirst) await RunRefunds.StartAsync(db, await db.Lots.SingleAsync(l => l.Id == lot.Id), Release.Failed(now), RunRefunds.Whose.All, null, now, default);
            else await RunRefunds.Handle((await db.RefundRuns.SingleAsync()).Id, db, null!, now, default);
            isFirst = false;
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            if ((await db.RefundRuns.AsNoTracking().SingleAsync()).Stage == RefundRunStage.Done) return;
        }
    }

    // Three transfers, an order and an event for each deposit, as bare rows in one COPY.
    private static async Task<TimeSpan> CopyAsync(string connection)
    {
        await using var admin = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Testing.Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(connection).Database }.ConnectionString);
        await admin.OpenAsync();
        await using (var create = new NpgsqlCommand("create table bare (id uuid primary key, a uuid, b uuid, amount bigint, code text, at timestamptz)", admin)) await create.ExecuteNonQueryAsync();
        var start = Stopwatch.GetTimestamp();
        await using (var copy = await admin.BeginBinaryImportAsync("copy bare from stdin (format binary)"))
        {
            for (var n = 0; n < 5 * Deposits; n++)
                await copy.WriteRowAsync(default, Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), 1L, "refund-ordered", DateTime.UtcNow);
            await copy.CompleteAsync();
        }
        return Stopwatch.GetElapsedTime(start);
    }
}
