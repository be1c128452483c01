using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

/// <summary>The service as a process of its own is killed in the middle of an import, and the database's connections with it; the bank repeats until it has an answer.</summary>
public class KilledImportTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private const int Bidders = 12, PaymentsEach = 60, Kills = 3;

    [Fact]
    public async Task After_every_kill_the_books_balance_and_in_the_end_each_entry_is_booked_once()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var lot = await host.PublishAsync();
        var bidders = new List<Bidder>();
        for (var n = 0; n < Bidders; n++) bidders.Add(await host.RegisterAsync(lot));
        // One payment of each is the deposit, whichever comes first; the others go back. Then the same entries as the day's statement.
        CamtLine[] lines = [.. bidders.SelectMany(b => Enumerable.Range(0, PaymentsEach).Select(_ => host.NoticeOf(lot, b).Line))];
        var now = EscrowHost.Text(host.Clock.GetUtcNow());
        string[] files = [new CamtText(false, 8, lines) { CreatedAt = now }, new CamtText(true, 4, lines) { CreatedAt = now, Day = host.Today }];

        await using var authority = await TokenIssuer.StartAsync();
        await using var process = new EscrowProcess(host.ConnectionString, authority.Address, ownsDatabase: false);
        var inTheMiddle = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            await process.StartAsync();
            using var client = authority.ClientOf(process.Address!, Roles.Bank);
            var answer = SendAsync(client, files[0]);
            await UntilBusyAsync(answer, random.Next(0, 3));
            if (kill % 2 == 1) await TerminateConnectionsAsync();
            else await process.KillAsync();
            try { Assert.NotEqual(HttpStatusCode.Conflict, await answer); }
            catch (HttpRequestException) { }
            if (kill % 2 == 1) await process.KillAsync();
            await host.BooksHoldAsync();
            // All of a file or nothing of it.
            var booked = await host.InDbAsync((EscrowDb db) => db.BankEntries.CountAsync());
            Assert.Contains(booked, new[] { 0, lines.Length });
            if (booked == 0) inTheMiddle++;
        }

        Assert.True(inTheMiddle > 0, "no import was killed in its middle");
        await process.StartAsync();
        using (var client = authority.ClientOf(process.Address!, Roles.Bank))
        {
            foreach (var file in files)
                await ServiceFixture.EventuallyAsync(async () => (int)await SendAsync(client, file) is 200 or 201, "an answer");
        }
        await process.KillAsync();
        Assert.Equal(lines.Length, await host.InDbAsync((EscrowDb db) => db.BankEntries.CountAsync()));
        foreach (var bidder in bidders) Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Equal(Bidders * (PaymentsEach - 1), await host.InDbAsync((EscrowDb db) => db.PaymentOrders.CountAsync()));
        Assert.Equal(Bidders, await host.InDbAsync((EscrowDb db) => db.BankEntries.CountAsync(e => e.Outcome == Outcome.Secured)));
        Assert.Equal(2, await host.InDbAsync((EscrowDb db) => db.BankFiles.CountAsync()));
        await host.BooksHoldAsync();
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, string file)
    {
        using var content = new StringContent(file, Encoding.UTF8, "application/xml");
        using var answer = await client.PostAsync("/api/escrow/bank-files", content);
        return answer.StatusCode;
    }

    // The import holds its lock on the bank's files: it is in the middle. Or it was faster than we.
    private Task UntilBusyAsync(Task answer, int furtherLooks) => ServiceFixture.EventuallyAsync(async () => answer.IsCompleted || (await AskAsync<long>("""
        select count(*) from pg_locks where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = hashtextextended('bank-files', 727003)
        """) > 0 && furtherLooks-- <= 0), "an import at work");

    private Task<long> TerminateConnectionsAsync() => AskAsync<long>("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");

    private async Task<T> AskAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
