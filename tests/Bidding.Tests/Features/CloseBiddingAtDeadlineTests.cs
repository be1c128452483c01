using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Escrow;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class CloseBiddingAtDeadlineTests(BiddingHost host, ITestOutputHelper output) : IClassFixture<BiddingHost>
{
    [Fact]
    public async Task The_list_holds_the_standing_bids_in_order_and_the_public_learns_only_its_hash()
    {
        var lot = await host.LotAsync();
        var (one, two) = (await host.PrepareAsync(lot), await host.PrepareAsync(lot));
        await two.SubmittedAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await one.SubmittedAsync();
        await host.HearAsync(new DepositSecured(lot.TenderId, lot.LotId, one.Bid.Bidder.Id, 10_000_00, "CNY", host.Clock.GetUtcNow()));
        await DepositAsync(lot, one.Bid.Bidder, "secured");
        Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(new Uri($"/api/bidding/lots/{lot.LotId}/closing", UriKind.Relative))).StatusCode);

        var closing = await host.CloseAsync(lot);
        var list = Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal([two.Bid.Bidder.Id, one.Bid.Bidder.Id], list.Bids.Select(b => b.BidderId));
        Assert.Equal([false, true], list.Bids.Select(b => b.DepositSecured));
        Assert.Equal((two.Bid.Text, two.Bid.Signature, $"bids/{two.Price}", $"bids/{two.Files}"), (list.Bids[0].Manifest, list.Bids[0].Signature, list.Bids[0].PriceStorageKey, list.Bids[0].FilesStorageKey));
        Assert.Equal((two.Bid.Bidder.Name, two.Bid.Bidder.Code), (list.Bids[0].BidderName, list.Bids[0].SocialCreditCode));
        Assert.Equal(HexText.Sha256(CanonicalJson.Serialize(list.Bids.Select(b => new { bidId = b.BidId, manifestHash = b.ManifestHash }))), closing.ClosingListHash);
        Assert.Equal(lot.Deadline, closing.ClosedAt);
        var told = Assert.Single(await host.PublishedAsync<BiddingClosed, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((closing.ClosingListHash, closing.ClosedAt), (told.ClosingListHash, told.ClosedAt));

        var answer = await host.Public().GetFromJsonAsync<JsonElement>($"/api/bidding/lots/{lot.LotId}/closing");
        Assert.Equal(["closingListHash", "closedAt"], answer.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task A_lot_without_bids_closes_too_and_nobody_registers_afterwards()
    {
        var lot = await host.LotAsync();
        var bidder = await host.BidderAsync();
        await host.CloseAsync(lot);
        Assert.Empty(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
        Assert.Equal(("late-registration", "A33", "20号令26;20号令27"), await (await host.As(bidder).PostAsync($"/api/bidding/lots/{lot.LotId}/registrations", new { })).RefusalAsync());
    }

    [Fact]
    public async Task Every_bid_that_got_a_receipt_is_on_the_list_and_no_other_however_they_race_the_closing()
    {
        const int Rounds = 8, Bidders = 16;
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (taken, late) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var lot = await host.LotAsync();
            var bidders = new List<TestBidder>();
            for (var i = 0; i < Bidders; i++) bidders.Add(await host.RegisteredBidderAsync(lot));
            var ready = await Task.WhenAll(bidders.Select(b => host.PrepareAsync(lot, b)));
            var receipts = new ConcurrentBag<Guid>();
            var submissions = ready.Select(async bid =>
            {
                var answer = await bid.SubmitAsync();
                if (answer.StatusCode == HttpStatusCode.Created) receipts.Add((await answer.Content.ReadFromJsonAsync<SubmitBid.Response>())!.BidId);
                else Assert.Equal("late-bid", await answer.CodeAsync());
            }).ToArray();
            // Somewhere in the middle of the submissions the deadline comes, and the closing at once with it.
            var early = random.Next(Bidders - 2);
            while (receipts.Count < early && !submissions.All(s => s.IsCompleted)) await Task.Delay(1);
            host.Clock.MoveTo(lot.Deadline);
            while (!await host.CloseOneNowAsync() && !await IsClosedAsync(lot)) { }
            await Task.WhenAll(submissions);
            await host.CloseAsync(lot);
            var list = Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId);
            Assert.Equal(receipts.Order(), list.Bids.Select(b => b.BidId).Order());
            (taken, late) = (taken + receipts.Count, late + Bidders - receipts.Count);
        }
        output.WriteLine($"{taken} taken, {late} late");
    }

    [Fact]
    public void A_closed_lot_cannot_be_closed_again()
    {
        var now = new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
        var lot = Lot.Open(Guid.NewGuid(), Guid.NewGuid(), "cn-tendering", now, 2, []);
        lot.Close([], now);
        Assert.Equal("illegal-move", Assert.Throws<ServiceDefaults.RuleBrokenException>(() => lot.Close([], now)).Code);
        Assert.False(lot.TakesBids(now.AddDays(-1)));
    }

    private Task<bool> IsClosedAsync(TestLot lot) => host.InDbAsync<BiddingDb, bool>(db => db.Lots.AnyAsync(l => l.Id == lot.LotId && l.Stage == LotStage.Closed));

    private Task DepositAsync(TestLot lot, TestBidder bidder, string state) => ServiceFixture.EventuallyAsync(async () =>
        (await host.As(bidder).GetFromJsonAsync<JsonElement>($"/api/bidding/lots/{lot.LotId}")).GetProperty("deposit").GetString() == state);
}
