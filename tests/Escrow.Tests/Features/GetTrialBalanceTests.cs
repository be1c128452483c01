using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Contracts;
using Tendering.Escrow.Data;
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
    public async Task The_sums_start_from_snapshots_and_are_those_of_all_transfers()
    {
        var lot = await host.PublishAsync();
        await host.SecureAsync(lot);
        Assert.True(await host.Services.GetRequiredService<Snapshots>().MakeAsync(default, atLeast: 1));
        var refused = await host.RegisterAsync(lot);
        await host.TakenAsync(host.NoticeOf(lot, refused) with { Amount = 3 });
        var all = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<TrialLine>($"""
            select case when a.is_system then a.code else 'sub-accounts:' || lower(a.currency) end as "Code", case when a.is_system then a.name else 'Sub-accounts' end as "Name", a.currency as "Currency",
              sum(coalesce(s.debits, 0))::bigint as "Debits", sum(coalesce(s.credits, 0))::bigint as "Credits",
              sum(coalesce(s.pending_debits, 0))::bigint as "PendingDebits", sum(coalesce(s.pending_credits, 0))::bigint as "PendingCredits"
            from account a left join account_sum s on s.account = a.id group by 1, 2, 3 order by 3, 1
            """).ToListAsync());
        Assert.Equal(all, (await BalanceAsync()).Accounts);
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
