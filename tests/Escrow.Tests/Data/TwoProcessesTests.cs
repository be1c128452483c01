using System.Net;
using System.Net.Http.Headers;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Data;

public class TwoProcessesTests
{
    private const int Callers = 8, Each = 40;

    /// <summary>One is killed without a word while both book on the same accounts; who gets no answer says the same again, to either of them.</summary>
    [Fact]
    public async Task Two_instances_book_on_the_same_accounts_one_is_killed_and_each_id_is_booked_once()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var prepared = await EscrowProcess.PrepareAsync();
        await using var first = new EscrowProcess(prepared.ConnectionString, issuer.Address, ownsDatabase: false);
        await using var second = new EscrowProcess(prepared.ConnectionString, issuer.Address, ownsDatabase: false);
        await Task.WhenAll(first.StartAsync(), second.StartAsync());
        var (a, b) = await FundAsync(first.ConnectionString);
        var (token, answered) = (issuer.TokenFor(Roles.Finance, Guid.CreateVersion7()), 0);
        var working = Task.WhenAll(Enumerable.Range(0, Callers).Select(n => Task.Run(async () =>
        {
            using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
            for (var i = 0; i < Each; i++)
            {
                var (key, request) = (Guid.CreateVersion7().ToString(), n % 2 == 0 ? new CorrectBooks.Request(a, b, 1, $"D{n}-{i}") : new CorrectBooks.Request(b, a, 1, $"D{n}-{i}"));
                // Every tenth is said to both at once.
                if (i % 10 == 0) await Task.WhenAll(SendAsync(http, first, key, request), SendAsync(http, second, key, request));
                else await UntilAnsweredAsync(http, first, second, (n + i) % 2, key, request);
                Interlocked.Increment(ref answered);
            }
        })));
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref answered) > Callers * Each / 4), "a quarter of the answers");
        await first.KillAsync();
        await first.StartAsync();
        await working;
        await using var db = ManyDeposits.Open(first.ConnectionString);
        var booked = await db.Database.SqlQuery<string>($"""select split_part(reference, ' ', 1) as "Value" from transfer where kind = 'Pending'""").ToListAsync();
        Assert.Equal(Enumerable.Range(0, Callers).SelectMany(n => Enumerable.Range(0, Each).Select(i => $"D{n}-{i}")).Order(), booked.Order());
        // Told with each, once: to both tenders.
        Assert.Equal(2 * Callers * Each, await db.Set<OutboxEvent>().CountAsync(e => e.Type == "escrow.correction-asked"));
        var balances = await Balances.NowAsync(db, [a, b], default);
        Assert.Equal((Callers * Each / 2, Callers * Each / 2), (balances[a].PendingDebits, balances[a].PendingCredits));
        Assert.Equal((Callers * Each / 2, Callers * Each / 2), (balances[b].PendingDebits, balances[b].PendingCredits));
        Assert.DoesNotContain(await Invariants.ViolatedAsync(db, default), name => name != "bank-equals-its-entries");     // no statement tells of this money
    }

    private static async Task UntilAnsweredAsync(HttpClient http, EscrowProcess first, EscrowProcess second, int turn, string key, CorrectBooks.Request request)
    {
        while (!await SendAsync(http, turn++ % 2 == 0 ? first : second, key, request)) { }
    }

    private static async Task<bool> SendAsync(HttpClient http, EscrowProcess process, string key, CorrectBooks.Request request)
    {
        try
        {
            var answer = await http.PostAsync($"{process.Address}api/escrow/corrections", request, key);
            Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return answer.StatusCode == HttpStatusCode.Created;
        }
        catch (Exception e) when (e is HttpRequestException or IOException) { return false; }
    }

    private static async Task<(Guid A, Guid B)> FundAsync(string connection)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (first, second) = (Bidder(), Bidder());
        var (a, b) = (first.Id, second.Id);
        await using var db = ManyDeposits.Open(connection);
        await using var transaction = await db.Database.BeginTransactionAsync();
        db.AddRange(first, second);
        await db.SaveChangesAsync();
        await Books.OpenAsync(db, [.. Chart.SystemAccounts("CNY"), Chart.SubAccount(a, "a", "CNY"), Chart.SubAccount(b, "b", "CNY")], now, default);
        var bank = Chart.IdOf(SystemAccount.Bank, "CNY");
        await Books.BookAllAsync(db, [Transfer.Of(Guid.CreateVersion7(), bank, a, 1_000, "fund", "r"), Transfer.Of(Guid.CreateVersion7(), bank, b, 1_000, "fund", "r")], now, default);
        await transaction.CommitAsync();
        return (a, b);
    }

    private static SubAccount Bidder() => new() { TenderId = Guid.CreateVersion7(), LotId = Guid.CreateVersion7(), BidderId = Guid.CreateVersion7(), BidderName = "Builders" };
}
