using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

public class ReleaseSharesTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    private async Task<Opening> OpenAsync(int bids = 3)
    {
        var lot = host.NewLot();
        return await host.OpenAsync(lot, await host.SealAsync(lot, bids));
    }

    [Fact]
    public async Task Two_of_three_custodians_open_every_bid_and_anybody_can_open_the_prices_again()
    {
        var opening = await OpenAsync();
        Assert.Equal((6, 0), Count(await opening.ReleasedAsync(1)));
        var look = await host.LookAsync(opening.Lot);
        Assert.Equal((0, 3), (look.GetProperty("opened").GetInt32(), look.GetProperty("total").GetInt32()));
        Assert.Equal([true, false, false], look.GetProperty("custodians").EnumerateArray().Select(c => c.GetProperty("released").GetBoolean()));
        Assert.Empty(await opening.EventsAsync<BidOpened>());
        await opening.ReleasedAsync(3);

        var record = await opening.RecordAsync();
        Assert.Equal([1_000_000, 2_000_000, 3_000_000], record.Bids.Select(b => b.Price!.Value));
        Assert.Equal(opening.Bids.Select(b => b.Id), record.Bids.Select(b => b.BidId));
        var opened = await opening.EventsAsync<BidOpened>();
        foreach (var bid in opening.Bids)
        {
            var told = Assert.Single(opened, e => e.BidId == bid.Id);
            var plain = await BidOpener.OpenAsync(bid.Sealed.Manifest, SealedPart.Price, Base64UrlText.Decode(told.PriceKey), bid.Sealed.Price);
            Assert.Equal(told.Schedule, Encoding.UTF8.GetString(plain));
            Assert.Equal(told.Price, OpeningSchedule.Parse(plain, bid.Sealed.Manifest).Price);
            var proof = await host.Public().GetFromJsonAsync<GetBidProof.Response>($"/api/bid-opening/lots/{opening.Lot.LotId}/bids/{bid.Id}/proof");
            Assert.Equal((bid.Sealed.Text, told.PriceKey, Convert.ToBase64String(bid.Sealed.Price)), (proof!.Manifest, proof.PriceKey, proof.PriceCiphertext));
        }
        var completed = Assert.Single(await opening.EventsAsync<OpeningCompleted>());
        Assert.Equal(HexText.Sha256(Encoding.UTF8.GetBytes(await host.Public().GetStringAsync($"/api/bid-opening/lots/{opening.Lot.LotId}/record"))), completed.RecordHash);
        Assert.Equal([1_000_000, 2_000_000, 3_000_000], completed.Bids.Select(b => b.Price!.Value));
        Assert.All(completed.Bids, b => Assert.True(b.DepositSecured));
        Assert.Equal([(1, 6, 0), (3, 6, 0)], (await opening.EventsAsync<SharesReleased>()).Select(e => (e.CustodianIndex, e.Good, e.Wrong)));
        await AssertOrderAsync(opening);
    }

    [Fact]
    public async Task Fewer_shares_than_the_threshold_open_nothing()
    {
        var opening = await OpenAsync();
        await opening.ReleasedAsync(2);
        await opening.ReleasedAsync(2);
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Files));
        Assert.Empty(await opening.EventsAsync<BidOpened>());
        Assert.All(opening.Bids, bid => Assert.Equal(BidStage.Sealed, opening.StoredAsync(bid).Result.Stage));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(new Uri($"/api/bid-opening/lots/{opening.Lot.LotId}/record", UriKind.Relative))).StatusCode);
        Assert.Single(await opening.EventsAsync<SharesReleased>());                  // what was there already is not told again
    }

    [Fact]
    public async Task A_wrong_share_names_its_custodian_and_the_others_open_the_bid()
    {
        var opening = await OpenAsync();
        var shares = opening.SharesOf(1);
        var (spoilt, other) = (shares[0], opening.SharesOf(2).Single(s => s.BidId == opening.Bids[1].Id && s.Part == SealedPart.Price));
        var bytes = Base64UrlText.Decode(spoilt.Share);
        bytes[^1] ^= 1;
        shares[0] = spoilt with { Share = Base64UrlText.Encode(bytes) };
        shares[2] = shares[2] with { Share = other.Share };                          // another custodian's good share is not this one's
        shares[4] = shares[4] with { Share = "!" };
        var answer = await opening.ReleasedAsync(1, shares);
        Assert.Equal((3, 3), Count(answer));
        Assert.Equal([.. opening.Bids.Select(b => new ReleaseShares.WrongItem(b.Id, SealedPart.Price))], answer.Wrong);
        await opening.ReleasedAsync(2);
        Assert.Empty(await opening.EventsAsync<BidOpened>());
        await opening.ReleasedAsync(3);

        var record = await opening.RecordAsync();
        Assert.All(record.Bids, b => Assert.NotNull(b.Price));
        Assert.Equal([(1, 3, 3), (2, 6, 0), (3, 6, 0)], record.Custodians.Select(c => (c.Index, c.Good, c.Wrong)));
        Assert.Equal(3, record.WrongShares.Count(w => w.CustodianIndex == 1 && w.Part == SealedPart.Price));
        Assert.Contains(record.WrongShares, w => w.BidId == opening.Bids[0].Id && w.ShareHash == HexText.Sha256(bytes));
        Assert.Contains(await opening.EventsAsync<SharesReleased>(), e => (e.CustodianIndex, e.CustodianId, e.Good, e.Wrong) == (1, opening.Lot.CustodianIds[0], 3, 3));
    }

    [Fact]
    public async Task Custodians_who_release_at_the_same_moment_open_each_bid_once()
    {
        for (var round = 0; round < 4; round++)
        {
            var opening = await OpenAsync();
            var answers = await Task.WhenAll(from _ in Enumerable.Range(0, 2) from index in Enumerable.Range(1, 3) select opening.ReleasedAsync(index));
            Assert.All(answers, a => Assert.Equal((6, 0), Count(a)));
            await opening.RecordAsync();
            Assert.Equal(opening.Bids.Select(b => b.Id).Order(), (await opening.EventsAsync<BidOpened>()).Select(e => e.BidId).Order());
            Assert.Single(await opening.EventsAsync<OpeningCompleted>());
            Assert.Equal(3, (await opening.EventsAsync<SharesReleased>()).Count);
        }
    }

    [Fact]
    public async Task Only_custodians_of_the_tender_fetch_and_release_and_only_from_the_opening_on()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3));
        var path = new Uri($"/api/bid-opening/lots/{lot.LotId}/sealed-shares", UriKind.Relative);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(1).GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.ReleaseAsync(1, opening.SharesOf(1))).StatusCode);
        await host.StartAsync(lot);

        var shares = await opening.Custodian(2).GetFromJsonAsync<GetSealedShares.Response>(path);
        Assert.Equal((2, opening.Bids[0].Sealed.Text), (shares!.CustodianIndex, shares.Bids[0].Manifest));
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Agency).GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Supervisor).PostAsync($"/api/bid-opening/lots/{lot.LotId}/shares", new { shares = opening.SharesOf(1) })).StatusCode);
        foreach (var role in new[] { Roles.Bidder, Roles.Operator, Roles.Expert, Roles.Finance, Roles.Bank })
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, lot.CustodianIds[0]).GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Nonsense_is_named_by_field()
    {
        var opening = await OpenAsync();
        var good = opening.SharesOf(1);
        foreach (var shares in new[] { [], [good[0] with { Part = "else" }], new[] { good[0] with { BidId = Guid.NewGuid() } } })
            Assert.Equal(HttpStatusCode.BadRequest, (await opening.ReleaseAsync(1, shares)).StatusCode);
    }

    [Fact]
    public async Task Released_shares_outcomes_and_the_record_can_no_longer_be_changed()
    {
        var opening = await OpenAsync();
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        await opening.RecordAsync();
        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await owner.OpenAsync();
        foreach (var sql in new[] { "update good_share set share = ''", "delete from wrong_share; delete from good_share", "update listed_bid set price = 1", "update listed_bid set decided_at = now()", "update opening_session set record = '{}'", "delete from share_release" })
        {
            await using var command = new NpgsqlCommand(sql, owner);
            await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        }
        await Assert.ThrowsAsync<PostgresException>(() => host.InDbAsync<BidOpeningDb, int>(db => db.Database.ExecuteSqlRawAsync("update listed_bid set manifest = ''")));
    }

    // The record is told after the outcomes it is made of, and these after the shares that led to them.
    private async Task AssertOrderAsync(Opening opening)
    {
        var types = await host.InDbAsync<BidOpeningDb, List<string>>(db => db.Set<ServiceDefaults.OutboxEvent>().Where(e => e.TenderId == opening.Lot.TenderId).OrderBy(e => e.Position).Select(e => e.Type).ToListAsync());
        Assert.Equal(["opening-started", "shares-released", "shares-released", "bid-opened", "bid-opened", "bid-opened", "prices-announced", "opening-completed", "document-published"], types.Select(t => t[(t.IndexOf('.', StringComparison.Ordinal) + 1)..]));
        Assert.Equal(await host.Public().GetStringAsync(opening.Path("record")), Assert.Single(await host.DocumentsAsync<BidOpeningDb>("opening-record", opening.Lot.LotId)));
        foreach (var told in await opening.EventsAsync<BidOpened>())
            Assert.Equal(opening.Bids.Single(b => b.Id == told.BidId).Sealed.Price, Convert.FromBase64String(told.PriceCiphertext!));
    }

    private static (int, int) Count(ReleaseShares.Response answer) => (answer.Good, answer.Wrong.Length);
}
