using System.Net;
using Tendering.Contracts;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class GetBalanceTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private Task<HttpResponseMessage> AskAsync(string path) => host.As(Roles.Finance).GetAsync("/api/escrow/accounts/" + path);

    private async Task<GetBalance.Response> BalanceAsync(string path) => await EscrowHost.ReadAsync<GetBalance.Response>(await AskAsync(path));

    [Fact]
    public async Task A_past_day_stays_as_it_was_and_now_goes_on()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.SecureAsync(lot);
        var now = await BalanceAsync($"{bidder.AccountNumber}/balance");
        Assert.Equal((0L, EscrowHost.Deposit, EscrowHost.Deposit, 0L), (now.Debits, now.Credits, now.PendingDebits, now.PendingCredits));
        var today = DateOnly.FromDateTime(host.Clock.GetUtcNow().AddHours(8).DateTime);
        Assert.Equal("day-not-over", await (await AskAsync($"{bidder.AccountNumber}/balance?day={today:yyyy-MM-dd}")).CodeAsync());
        var before = await BalanceAsync($"{bidder.AccountNumber}/balance?day={today.AddDays(-1):yyyy-MM-dd}");
        Assert.Equal((0L, 0L, 0L, 0L, today.AddDays(-1)), (before.Debits, before.Credits, before.PendingDebits, before.PendingCredits, before.Day!.Value));
        Assert.Equal(("Escrow account at the bank", "CNY"), await BalanceAsync("bank:cny/balance") is var bank ? (bank.Name, bank.Currency) : default);
    }

    [Theory]
    [InlineData("nothing/balance", HttpStatusCode.NotFound)]
    [InlineData("bank:cny/balance?day=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("bank:cny/balance?day=0001-01-01", HttpStatusCode.BadRequest)]
    public async Task Nonsense_is_refused(string path, HttpStatusCode status) => Assert.Equal(status, (await AskAsync(path)).StatusCode);

    [Fact]
    public async Task Only_finance_sees_an_account()
    {
        foreach (var role in Roles.All.Where(r => r != Roles.Finance)) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/accounts/bank:cny/balance")).StatusCode);
    }
}
