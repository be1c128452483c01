using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class ExpireHoldTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    [Fact]
    public async Task Holds_expire_when_due_unless_they_were_settled_by_a_further_transfer_each()
    {
        var accounts = new RandomTransfers().Accounts;
        var (bank, held, a) = (accounts[0].Id, accounts[1].Id, accounts[3].Id);
        await host.InDbAsync(async (EscrowDb db) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await Books.OpenAsync(db, [.. accounts], host.Clock.GetUtcNow(), default);
            await transaction.CommitAsync();
            return true;
        });
        var holds = Enumerable.Range(0, 4).Select(n => Transfer.Pending(Guid.CreateVersion7(), a, held, 10, "hold", "r", n == 3 ? 0 : 60)).ToArray();
        var batcher = host.Services.GetRequiredService<Batcher>();
        Assert.All(await batcher.BookAsync([Transfer.Of(Guid.CreateVersion7(), bank, a, 100, "fund", "r"), .. holds, Transfer.Post(Guid.CreateVersion7(), holds[0].Id, 4, "post", "r"),
            Transfer.Void(Guid.CreateVersion7(), holds[1].Id, "void", "r")]), v => Assert.True(v.IsBooked));
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(Refusals.PendingExpired, (await batcher.BookAsync([Transfer.Post(Guid.CreateVersion7(), holds[2].Id, null, "post", "r")]))[0].Refusal);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => !await db.Database.SqlQuery<Guid>($"""select id as "Value" from hold_due""").AnyAsync()), "the holds to expire");
        var expiries = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<Guid>($"""select id as "Value" from transfer where kind = 'Expire'""").ToListAsync());
        Assert.Equal([ExpireHold.IdOf(holds[2].Id)], expiries);
        Assert.Equal(new Balance(4, 100, 10, 0), (await host.InDbAsync((EscrowDb db) => Balances.NowAsync(db, [a], default)))[a]);
        Assert.Equal(Refusals.PendingExpired, (await batcher.BookAsync([Transfer.Void(Guid.CreateVersion7(), holds[2].Id, "void", "r")]))[0].Refusal);
        await host.BooksHoldAsync();
    }
}
