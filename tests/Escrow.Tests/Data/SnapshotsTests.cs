using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Tests.Domain;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Data;

public class SnapshotsTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private readonly IReadOnlyList<Account> _accounts = new RandomTransfers().Accounts;

    private Snapshots Snapshots => host.Services.GetRequiredService<Snapshots>();
    private Guid Bank => _accounts[0].Id;
    private Guid Held => _accounts[1].Id;
    private Guid A => _accounts[3].Id;
    private Guid[] All => [.. _accounts.Select(a => a.Id)];

    private static async Task<EscrowDb> BeginAsync(AsyncServiceScope scope)
    {
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        await db.Database.BeginTransactionAsync();
        return db;
    }

    private async Task BookAsync(DateTimeOffset now, params Transfer[] transfers)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = await BeginAsync(scope);
        await Books.OpenAsync(db, [.. _accounts], now, default);
        Assert.All(await Books.BookAsync(db, transfers, now, default), v => Assert.Null(v.Refusal));
        await db.Database.CommitTransactionAsync();
    }

    private Task<IReadOnlyDictionary<Guid, Balance>> NowAsync() => host.InDbAsync((EscrowDb db) => Balances.NowAsync(db, All, default));
    private Task<IReadOnlyDictionary<Guid, Balance>> AsOfAsync(DateTimeOffset before) => host.InDbAsync((EscrowDb db) => Balances.AsOfAsync(db, All, before, default));

    private sealed record Effect(Guid Debit, Guid Credit, long Posted, long Held, DateTimeOffset BookedAt);

    // All of them, one by one: what the quick way must agree with.
    private async Task<IReadOnlyDictionary<Guid, Balance>> CountedAsync(DateTimeOffset? before = null)
    {
        var all = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<Effect>(
            $"""select debit_account as "Debit", credit_account as "Credit", posted as "Posted", held as "Held", booked_at as "BookedAt" from transfer where debit_account = any ({All})""").ToListAsync());
        var counted = all.Where(t => before is null || t.BookedAt < before).ToList();
        return All.ToDictionary(a => a, a => new Balance(counted.Where(t => t.Debit == a).Sum(t => t.Posted), counted.Where(t => t.Credit == a).Sum(t => t.Posted),
            counted.Where(t => t.Debit == a).Sum(t => t.Held), counted.Where(t => t.Credit == a).Sum(t => t.Held)));
    }

    private Task<long> CutsAsync() => host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<long>($"""select count(*) as "Value" from ledger_cut""").SingleAsync());
    private Task<long> SnapshotsOfAsync(Guid account) => host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<long>($"""select count(*) as "Value" from balance_snapshot where account_id = {account}""").SingleAsync());

    private static Transfer Fund(Guid from, Guid to, long amount) => Transfer.Of(Guid.CreateVersion7(), from, to, amount, "fund", "r");

    [Fact]
    public async Task Balances_now_and_of_any_past_moment_are_those_that_counting_gives_wherever_cuts_fall()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (now, moments) = (host.Clock.GetUtcNow(), new List<DateTimeOffset>());
        for (var step = 0; step < 60; step++)
        {
            now = now.AddSeconds(random.Next(3));
            moments.Add(now);
            var batch = new List<Transfer>();
            for (var i = random.Next(1, 30); i > 0; i--)
            {
                var hold = Transfer.Pending(Guid.CreateVersion7(), A, Held, random.Next(1, 9), "hold", "r");
                batch.Add(Fund(Bank, A, 100));
                batch.Add(hold);
                if (random.Next(2) == 0) batch.Add(Transfer.Post(Guid.CreateVersion7(), hold.Id, 1, "post", "r"));
            }
            // Clocks of instances differ, and one may be long behind.
            await BookAsync(random.Next(5) == 0 ? now.AddSeconds(-20) : now, [.. batch]);
            if (random.Next(4) != 0) continue;
            host.Clock.MoveTo(now);
            Assert.True(await Snapshots.MakeAsync(default, atLeast: 1));
            Assert.Equal(await CountedAsync(), await NowAsync());
        }
        foreach (var moment in moments.Append(now.AddDays(1)).Append(moments[0].AddDays(-1))) Assert.Equal(await CountedAsync(moment), await AsOfAsync(moment));
        Assert.True(await CutsAsync() > 5 && await SnapshotsOfAsync(Bank) > 5);
        await Snapshots.MakeAsync(default, atLeast: 1);
        Assert.False(await Snapshots.MakeAsync(default, atLeast: 1));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_cut_is_not_made_while_somebody_books_and_nothing_is_booked_before_it_afterwards()
    {
        var now = host.Clock.GetUtcNow().AddYears(1);
        await BookAsync(now, Fund(Bank, A, 1));
        host.Clock.MoveTo(now.AddHours(1));
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = await BeginAsync(scope);
            await Books.BookAsync(db, [Fund(Bank, A, 2)], now, default);
            await BookAsync(now, Fund(Bank, _accounts[4].Id, 4));            // a later number, committed earlier
            Assert.False(await Snapshots.MakeAsync(default, atLeast: 1));
            await db.Database.CommitTransactionAsync();
        }
        Assert.True(await Snapshots.MakeAsync(default, atLeast: 1));
        var sealedAt = await AsOfAsync(host.Clock.GetUtcNow());
        Assert.Equal(7, sealedAt[Bank].Debits);
        // A clock that is behind books into the past no more: that day keeps its balance.
        await BookAsync(now, Fund(Bank, A, 8));
        Assert.Equal(sealedAt, await AsOfAsync(host.Clock.GetUtcNow()));
        Assert.Equal(15, (await NowAsync())[Bank].Debits);
        Assert.Equal(await CountedAsync(), await NowAsync());
    }

    [Fact]
    public async Task Much_at_once_is_cut_into_pieces_and_a_busy_running_account_keeps_snapshots_of_its_own()
    {
        // On a slow machine some are made while it books.
        var (start, cuts) = (host.Clock.GetUtcNow().AddYears(2), await CutsAsync());
        for (var n = 0; n < 4; n++) await BookAsync(start.AddMinutes(n), [.. Enumerable.Range(0, 5_000).Select(_ => Fund(Bank, A, 1))]);
        host.Clock.MoveTo(start.AddHours(1));
        await ServiceFixture.EventuallyAsync(async () => await CutsAsync() >= cuts + 4, "the cuts, without being asked for");
        Assert.True(await SnapshotsOfAsync(A) >= 3);
        await ServiceFixture.EventuallyAsync(async () => await SnapshotsOfAsync(Bank) >= 4);
        for (var n = 0; n < 5; n++) Assert.Equal(await CountedAsync(start.AddMinutes(n)), await AsOfAsync(start.AddMinutes(n)));
        Assert.Equal(20_000, (await NowAsync())[Bank].Debits);
        await host.BooksHoldAsync();
    }
}
