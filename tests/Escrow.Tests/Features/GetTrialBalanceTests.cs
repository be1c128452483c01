using System.Net;
using Tendering.Contracts;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class GetTrialBalanceTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<GetTrialBalance.Response> BalanceAsync() => await EscrowHost.ReadAsync<GetTrialBalance.Response>(await host.As(Roles.Supervisor).GetAsync("/api/escrow/trial-balance"));

    [Fact]
    public async Task The_books_are_balanced_by_currency_and_name_no_lot_and_no_bidder()
    {
        var lots = new[] { await host.PublishAsync(), await host.PublishAsync("jp-municipal", "JPY", 700) };
        var bidders = new[] { await host.SecureAsync(lots[0]), await host.SecureAsync(lots[1]) };
        var balance = await BalanceAsync();
        Assert.True(balance.Balanced);
        Assert.Equal(16, balance.Accounts.Length);
        var held = Assert.Single(balance.Accounts, a => a.Code == "held:jpy");
        Assert.Equal((0, 0, 0, 700), (held.Debits, held.Credits, held.PendingDebits, held.PendingCredits));
        var subAccounts = Assert.Single(balance.Accounts, a => a.Code == "sub-accounts:jpy");
        Assert.Equal((0, 700, 700, 0), (subAccounts.Debits, subAccounts.Credits, subAccounts.PendingDebits, subAccounts.PendingCredits));
        var text = await host.As(Roles.Finance).GetStringAsync("/api/escrow/trial-balance");
        foreach (var secret in bidders.SelectMany(b => new[] { b.AccountNumber!, b.Name, b.BasicNumber, b.Id.ToString() }).Concat(lots.Select(l => l.LotId.ToString())))
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
        foreach (var role in Roles.All.Where(r => r is not (Roles.Finance or Roles.Supervisor)))
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/trial-balance")).StatusCode);
    }

    [Fact]
    public async Task A_report_is_json_csv_or_a_page_and_nothing_else()
    {
        await host.PublishAsync();
        var csv = await host.As(Roles.Finance).GetAsync("/api/escrow/trial-balance?format=csv");
        Assert.Equal("text/csv; charset=utf-8", csv.Content.Headers.ContentType?.ToString());
        Assert.Equal("attachment; filename=\"trial-balance.csv\"", csv.Content.Headers.ContentDisposition?.ToString());
        var bytes = await csv.Content.ReadAsByteArrayAsync();
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        Assert.Contains("held:cny,\"Deposits held\",CNY,", System.Text.Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        var page = await host.As(Roles.Supervisor).GetAsync("/api/escrow/trial-balance?format=html");
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType?.ToString());
        Assert.Equal("default-src 'none'; style-src 'unsafe-inline'", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Contains("<h1>试算平衡表<small>Trial balance</small></h1>", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        foreach (var odd in new[] { "pdf", "7", "-1" })
        {
            var refused = await host.As(Roles.Finance).GetAsync($"/api/escrow/trial-balance?format={odd}");
            Assert.Equal((HttpStatusCode.BadRequest, "malformed"), (refused.StatusCode, await refused.CodeAsync()));
        }
    }
}
