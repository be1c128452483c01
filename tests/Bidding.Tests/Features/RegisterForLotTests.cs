using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Credit;
using Tendering.Contracts.Escrow;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class RegisterForLotTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    private static readonly DateTimeOffset From = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), Until = From.AddDays(10);

    private Task<HttpResponseMessage> RegisterAsync(TestLot lot, TestBidder bidder) => host.As(bidder).PostAsync($"/api/bidding/lots/{lot.LotId}/registrations", new { });

    [Fact]
    public async Task An_organisation_registers_once_and_the_same_key_gives_the_same_answer()
    {
        var lot = await host.LotAsync();
        var bidder = await host.BidderAsync();
        var (client, key) = (host.As(bidder), Guid.NewGuid().ToString());
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.PostAsync($"/api/bidding/lots/{lot.LotId}/registrations", new { }, key)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.StatusCode));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync()))).Distinct());
        var told = Assert.Single(await host.PublishedAsync<BidderRegistered, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((bidder.Id, bidder.Name, bidder.Code, lot.TenderId), (told.BidderId, told.BidderName, told.SocialCreditCode, told.TenderId));
        Assert.Equal("already-registered", (await (await RegisterAsync(lot, bidder)).RefusalAsync()).Code);
    }

    [Fact]
    public async Task Two_registrations_of_one_organisation_at_once_give_one()
    {
        var lot = await host.LotAsync();
        var bidder = await host.BidderAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => RegisterAsync(lot, bidder)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Single(await host.PublishedAsync<BidderRegistered, BiddingDb>(), e => e.LotId == lot.LotId);
    }

    [Fact]
    public async Task A_debarred_enterprise_is_refused_with_the_decision_until_the_debarment_is_ended()
    {
        var lot = await host.LotAsync();
        var bidder = await host.BidderAsync();
        var now = host.Clock.GetUtcNow();
        var decision = new EnterpriseDebarred(Guid.CreateVersion7(), bidder.Code, bidder.Name, "colluded in three tenders", "D-2026-9", "法53", now.AddDays(-1), now.AddDays(30));
        await host.HearAsync(decision);
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(db => db.Debarments.AnyAsync(d => d.Id == decision.DebarmentId)));
        var answer = await RegisterAsync(lot, bidder);
        var refusal = await answer.RefusalAsync();
        Assert.Equal(("debarred", "AX1"), (refusal.Code, refusal.Rule));
        Assert.NotNull(refusal.Article);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("D-2026-9", text, StringComparison.Ordinal);
        Assert.Contains("colluded in three tenders", text, StringComparison.Ordinal);

        await host.HearAsync(new DebarmentEnded(decision.DebarmentId, bidder.Code, "overturned", now));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(db => db.Debarments.AnyAsync(d => d.Id == decision.DebarmentId && d.EndedAt != null)));
        Assert.Equal(HttpStatusCode.Created, (await RegisterAsync(lot, bidder)).StatusCode);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(863_999, true)]
    [InlineData(864_000, false)]
    public void A_debarment_counts_from_its_first_moment_and_no_longer_at_its_last(int seconds, bool bars)
    {
        var debarment = new Debarment { Id = Guid.NewGuid(), SocialCreditCode = "", Reason = "", DecisionNumber = "", ValidFrom = From, ValidUntil = Until };
        Assert.Equal(bars, debarment.Bars(From.AddSeconds(seconds)));
        debarment.EndedAt = From;
        Assert.False(debarment.Bars(From.AddSeconds(seconds)));
    }

    [Fact]
    public async Task A_bidder_sees_its_own_deposit_and_nobody_elses()
    {
        var lot = await host.LotAsync();
        var (bidder, other) = (await host.RegisteredBidderAsync(lot), await host.RegisteredBidderAsync(lot, "Other"));
        async Task SeesAsync(TestBidder who, string state, string? reason) => await ServiceFixture.EventuallyAsync(async () =>
        {
            var own = await host.As(who).GetFromJsonAsync<JsonElement>($"/api/bidding/lots/{lot.LotId}");
            return own.GetProperty("deposit").GetString() == state && own.GetProperty("depositReason").GetString() == reason;
        }, state);

        var (tender, now) = (lot.TenderId, host.Clock.GetUtcNow());
        await SeesAsync(bidder, "none", null);
        await host.HearAsync(new DepositRefused(tender, lot.LotId, bidder.Id, 5, "CNY", "wrong-account", "not from the basic account", "A7", "条26", now));
        await SeesAsync(bidder, "refused", "not from the basic account");
        await host.HearAsync(new DepositSecured(tender, lot.LotId, bidder.Id, 10, "CNY", now));
        await SeesAsync(bidder, "secured", null);
        var second = await host.HearAsync(new DepositRefused(tender, lot.LotId, bidder.Id, 10, "CNY", "paid-already", "paid already", "A7", "条26", now));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(db => db.Database.SqlQuery<Guid>($"select event_id as \"Value\" from inbox").AnyAsync(id => id == second)));
        await SeesAsync(bidder, "secured", null);
        await SeesAsync(other, "none", null);
        await host.HearAsync(new DepositReleased(tender, lot.LotId, bidder.Id, 10, "CNY", "withdrawn", "A9", "条35", now, now));
        await SeesAsync(bidder, "none", null);
        await host.HearAsync(new DepositSecured(tender, lot.LotId, bidder.Id, 10, "CNY", now));
        await SeesAsync(bidder, "secured", null);
    }

    [Fact]
    public async Task What_bidders_do_is_open_to_bidders_only()
    {
        var lot = await host.LotAsync();
        foreach (var role in Roles.All.Where(r => r != Roles.Bidder))
        {
            foreach (var path in new[] { $"/api/bidding/lots/{lot.LotId}", $"/api/bidding/lots/{lot.LotId}/receipt" })
                Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
            foreach (var method in new[] { HttpMethod.Head, HttpMethod.Patch, HttpMethod.Delete })
                Assert.Equal(HttpStatusCode.Forbidden, (await BiddingHost.SendAsync(host.As(role), method, $"uploads/{Guid.NewGuid()}", null)).StatusCode);
            foreach (var path in new[] { "registrations", "uploads", "bids", "bids/withdrawal" })
                Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync($"/api/bidding/lots/{lot.LotId}/{path}", new { part = "price", length = 1, manifest = "x" })).StatusCode);
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(new Uri($"/api/bidding/lots/{lot.LotId}", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder).GetAsync(new Uri($"/api/bidding/lots/{Guid.NewGuid()}", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task An_organisation_that_is_not_known_here_yet_is_told_to_repeat()
    {
        var lot = await host.LotAsync();
        Assert.Equal("organisation-unknown", (await (await RegisterAsync(lot, new TestBidder(host.Authority, "Nobody"))).RefusalAsync()).Code);
    }
}
