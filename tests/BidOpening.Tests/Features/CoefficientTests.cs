using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>Random coefficients are drawn in public, from what nobody could choose, and anybody can draw them again from the record alone.</summary>
public class CoefficientTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    private static readonly PublishedCoefficient[] Asked = [new("K", ["0.93", "0.94", "0.95", "0.96", "0.97"]), new("下浮率", ["3", "4.5", "6"])];

    private async Task<Opening> OpenAsync(Func<TestLot, List<TestBid>, Task>? change = null)
    {
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BidOpeningDb, bool>(db => db.VrfKeys.AnyAsync()), "the key");
        var lot = host.NewLot(coefficients: Asked);
        var bids = await host.SealAsync(lot, 3);
        if (change is not null) await change(lot, bids);
        return await host.OpenAsync(lot, bids);
    }

    private static void AssertRepeats(Opening opening, OpeningRecord record, params int[] places)
    {
        var draw = record.Coefficients!;
        Assert.Equal(places, draw.Inputs.Select(i => i.Place));
        var again = draw.Repeat(record.TenderId, record.LotId, record.ClosingListHash)!;
        Assert.Equal(Asked.Select(a => a.Name), again.Select(d => d.Name));
        Assert.Equal(draw.Drawn.Select(d => (d.Name, d.Number, d.Value)), again.Select(d => (d.Name, d.Number, d.Value)));
        Assert.All(draw.Drawn, d => Assert.Equal(d.Values[d.Number - 1], d.Value));
        foreach (var input in draw.Inputs)
        {
            var bid = opening.Bids.Single(b => b.Id == input.BidId);
            Assert.True(BidOpener.CommitmentHolds(bid.Sealed.Manifest, SealedPart.Price, Base64UrlText.Decode(input.PriceKey)));        // fixed before the deadline
        }
    }

    [Fact]
    public async Task A_stranger_draws_them_again_from_the_record_and_the_key_that_stood_in_public_before()
    {
        var opening = await OpenAsync();
        var key = (await host.Public().GetFromJsonAsync<GetCoefficientKey.Response>("/api/bid-opening/coefficient-key"))!;
        Assert.Equal(key.PublicKey, Assert.Single(await host.PublishedAsync<CoefficientKeyPublished, BidOpeningDb>()).PublicKey);
        await opening.OpenAllAsync();
        var record = await opening.RecordAsync();
        Assert.Equal(key.PublicKey, record.Coefficients!.VrfPublicKey);
        AssertRepeats(opening, record, 1, 2, 3);
        Assert.Null(record.Coefficients.Repeat(record.TenderId, record.LotId, new string('0', 64)));
        Assert.Null((record.Coefficients with { VrfPublicKey = HexText.Encode(Ecvrf.PublicKey(Ecvrf.GeneratePrivateKey())) }).Repeat(record.TenderId, record.LotId, record.ClosingListHash));
        var told = Assert.Single(await opening.EventsAsync<CoefficientsDrawn>());
        var completed = Assert.Single(await opening.EventsAsync<OpeningCompleted>());
        Assert.Equal(record.Coefficients.Drawn.Select(d => (d.Name, d.Value)), told.Coefficients.Select(c => (c.Name, c.Value)));
        Assert.Equal(told.Coefficients, completed.Coefficients);
        Assert.Contains("下浮率", WebUtility.HtmlDecode(await host.Public().GetStringAsync(opening.Path("record.html"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ciphertext_that_the_platform_loses_does_not_change_the_draw_and_a_key_that_is_not_the_committed_one_does_not_count()
    {
        var opening = await OpenAsync((_, bids) =>
        {
            var spoilt = bids[2].Manifest;
            bids[2] = TestBid.Sign(bids[2].Bidder, spoilt with { Parts = [spoilt.Price with { Commitment = new string('a', 64) }, spoilt.Files] }, bids[2].Price, bids[2].Files);
            return Task.CompletedTask;
        });
        await host.Store.DeleteAsync(opening.Bids[0].Closed.PriceStorageKey, default);
        await opening.OpenAllAsync();
        var record = await opening.RecordAsync();
        Assert.Equal(["withdrawn", null, "revoked"], record.Bids.Select(b => b.Verdict));
        AssertRepeats(opening, record, 1, 2);
    }

    [Fact]
    public async Task Without_custodians_the_bidders_own_keys_are_drawn_from_and_fewer_than_two_draw_nothing()
    {
        var opening = await OpenAsync();
        foreach (var bid in opening.Bids.Take(2)) await opening.RecoverAsync(bid, Opening.RecoveredKey(bid, SealedPart.Price), null);
        await PassAsync(opening);
        AssertRepeats(opening, await opening.RecordAsync(), 1, 2);

        opening = await OpenAsync();
        await opening.RecoverAsync(opening.Bids[1], Opening.RecoveredKey(opening.Bids[1], SealedPart.Price), null);
        await PassAsync(opening);
        var draw = (await opening.RecordAsync()).Coefficients!;
        Assert.Equal((1, 0), (draw.Inputs.Count, draw.Drawn.Count));
    }

    [Fact]
    public async Task The_custodians_limit_fixes_the_keys_so_that_a_bidder_who_waits_with_its_own_chooses_nothing()
    {
        var opening = await OpenAsync();
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index).Where(s => s.BidId != opening.Bids[0].Id));
        Assert.Empty(await opening.EventsAsync<CoefficientsDrawn>());
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<CoefficientsDrawn>()).Count == 1, "the draw");
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(opening.Bids[0], Opening.RecoveredKey(opening.Bids[0], SealedPart.Price), null)).StatusCode);
        var record = await opening.RecordAsync();
        AssertRepeats(opening, record, 2, 3);
        Assert.Equal("2 3 1", string.Join(' ', record.Bids.OrderBy(b => b.ReadAs).Select(b => b.Place)));
    }

    [Fact]
    public async Task A_lot_without_coefficients_draws_none()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await opening.OpenAllAsync();
        Assert.Null((await opening.RecordAsync()).Coefficients);
        Assert.Empty(await opening.EventsAsync<CoefficientsDrawn>());
        Assert.Null(Assert.Single(await opening.EventsAsync<OpeningCompleted>()).Coefficients);
    }

    private async Task PassAsync(Opening opening)
    {
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(opening.Lot)).GetProperty("recoveryDueBy").ValueKind == System.Text.Json.JsonValueKind.String, "the bidders' time");
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
    }
}
