using System.Net;
using System.Security.Cryptography;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

/// <summary>The service as a process of its own is killed in the middle of an upload; what it had said to have is there, and what it had not counts for nothing.</summary>
public sealed class KilledUploadTests
{
    private const int Megabyte = 1 << 20, Length = (100 * Megabyte) + 4711;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_kill_in_its_middle_an_upload_goes_on_where_it_was_safe_and_ends_with_the_digest_of_what_was_meant()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var content = new byte[Length];
        random.NextBytes(content);
        await using var issuer = await TokenIssuer.StartAsync();
        await using var process = new ServiceProcess(BiddingService.Name, typeof(BiddingDb).Assembly, await ServiceProcess.MigratedAsync(BiddingService.Name, typeof(BiddingDb).Assembly), issuer.Address);
        var (lot, bidder) = (new TestLot { Deadline = TimeProvider.System.GetUtcNow().AddDays(1) }, Guid.CreateVersion7());
        await using var database = NpgsqlDataSource.Create(process.ConnectionString);
        await RegisterAsync(database, lot, bidder);
        await process.StartAsync();
        using var first = issuer.ClientOf(process.Address!, Roles.Bidder, bidder);
        var upload = BiddingHost.IdOf(await BiddingHost.BeginAsync(first, lot, "files", Length));

        // The line never brings the last bytes: the kill is in the middle, after something was said to be safe.
        using (var held = new HeldContent(content, random.Next(80, 100) * Megabyte))
        {
            var sending = BiddingHost.PatchAsync(first, upload, 0, held);
            await ServiceFixture.EventuallyAsync(async () => await ReceivedAsync(database, upload) > 0, "something to be safe");
            await process.KillAsync();
            // A client that has written all it has, into buffers perhaps, and waits for more would not notice.
            held.LetGo();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
        }

        await process.StartAsync();
        using var second = issuer.ClientOf(process.Address!, Roles.Bidder, bidder);
        var offset = await BiddingHost.OffsetAsync(second, upload);
        Assert.InRange(offset, 1, Length - 1);
        Assert.Equal(HttpStatusCode.Conflict, await GoOnAsync(second, upload, offset + 1, content));
        Assert.Equal(HttpStatusCode.NoContent, await GoOnAsync(second, upload, offset, content));
        using var digest = new BlockDigest();
        digest.Append(content);
        Assert.Equal(digest.Finish(), await AskAsync<string>(database, "select digest from upload where id = $1", upload));
        await using var stored = File.OpenRead(Path.Combine(process.Folder, Upload.KeyOf(upload)));
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stored, Ct));
    }

    // The dead process holds the upload until its time is over: 423 until then.
    private static async Task<HttpStatusCode> GoOnAsync(HttpClient client, Guid upload, long offset, byte[] content)
    {
        var status = HttpStatusCode.Locked;
        await ServiceFixture.EventuallyAsync(async () => (status = (await BiddingHost.PatchAsync(client, upload, offset, content[(int)offset..])).StatusCode) != HttpStatusCode.Locked, "the dead writer's hold to end");
        return status;
    }

    private static async Task RegisterAsync(NpgsqlDataSource database, TestLot lot, Guid bidder)
    {
        await using var command = database.CreateCommand("""
            with opened as (
              insert into lot (id, tender_id, rule_set_id, bid_deadline, threshold, custodian_keys, stage, next_due_at) values ($1, $2, $3, $4, $5, $6, 'Open', $4) returning id)
            insert into registration (lot_id, bidder_id, registered_at) select id, $7, clock_timestamp() from opened
            """);
        foreach (var value in new object[] { lot.LotId, lot.TenderId, lot.RuleSet, lot.Deadline, lot.Threshold, lot.Custodians.Select(c => c.PublicKey).ToArray(), bidder }) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static Task<long> ReceivedAsync(NpgsqlDataSource database, Guid upload) => AskAsync<long>(database, "select received from upload where id = $1", upload);

    private static async Task<T> AskAsync<T>(NpgsqlDataSource database, string sql, Guid upload)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = upload });
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>A body that stops in its middle and, let go, ends without the rest.</summary>
    private sealed class HeldContent(byte[] content, int heldAt) : HttpContent
    {
        private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(content.AsMemory(0, heldAt));
            await stream.FlushAsync();
            await _letGo.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length;
            return true;
        }

        public void LetGo() => _letGo.TrySetResult();

        protected override void Dispose(bool disposing)
        {
            if (disposing) LetGo();
            base.Dispose(disposing);
        }
    }
}
