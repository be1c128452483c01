using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>What a bidder, a custodian, or the owner of the database may try, and what comes of it: each is noticed, and the others' bids are opened.</summary>
public class AttackTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    // Two ways to read one bid: the good shares of custodians 1 and 2 rebuild one key, those of 1 and 3 another. The commitment admits one.
    [Fact]
    public async Task Two_prices_in_one_bid_are_one_price_or_none()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        var (honest, other) = (bids[0], await lot.SealAsync(bids[0].Bidder, 5_000_000L));
        var mixed = honest.Manifest.Price with
        {
            ShareHashes = [.. honest.Manifest.Price.ShareHashes.Take(2), other.Manifest.Price.ShareHashes[2]],
            SealedShares = [.. honest.Manifest.Price.SealedShares.Take(2), other.Manifest.Price.SealedShares[2]],
        };
        bids[0] = TestBid.Sign(honest.Bidder, honest.Manifest with { Parts = [mixed, honest.Manifest.Files] }, honest.Price, honest.Files);
        var opening = await host.OpenAsync(lot, bids);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(3);
        var record = await opening.RecordAsync();
        Assert.Equal([("revoked", "bidder", "commitment-fails"), (null, null, null), (null, null, null)], record.Bids.Select(b => (b.Verdict, b.Cause, b.Fact)));
        Assert.Equal([null, 2_000_000, 3_000_000], record.Bids.Select(b => b.Price));
    }

    [Fact]
    public async Task What_is_released_before_the_deadline_or_the_opening_is_not_taken_and_counts_for_nothing_later()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        await host.HearAsync(lot.Notice);
        await ServiceFixture.EventuallyAsync(async () => (await host.Public().GetAsync(new Uri($"/api/bid-opening/lots/{lot.LotId}", UriKind.Relative))).StatusCode == HttpStatusCode.OK, "the lot");
        var early = new Opening(host, lot, [.. bids.Select(b => new OpenedTestBid(b, new(Guid.CreateVersion7(), b.Bidder.Id, "", "", 1, "", "", "", "", "", "", true, default)))]);
        await RefusedAsync(early);                                                     // bids are still being taken
        var opening = await host.CloseAsync(lot, bids);
        await RefusedAsync(opening);                                                   // they are closed, and not being opened yet
        await host.StartAsync(lot);
        await opening.ReleasedAsync(1);
        Assert.Empty(await opening.EventsAsync<BidOpened>());
        await opening.ReleasedAsync(2);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.NotNull(b.Price));
    }

    private async Task RefusedAsync(Opening opening)
    {
        var bid = opening.Bids[0];
        foreach (var index in new[] { 1, 2, 3 }) Assert.Equal(HttpStatusCode.NotFound, (await opening.ReleaseAsync(index, opening.SharesOf(index))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.RecoverAsync(bid, Opening.RecoveredKey(bid, SealedPart.Price), null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(1).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = bid.Id, part = SealedPart.Price })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(1).GetAsync(opening.Path("sealed-shares"))).StatusCode);
        var lot = opening.Lot.LotId;
        Assert.Equal((0, 0), await host.InDbAsync<BidOpeningDb, (int, int)>(db => Task.FromResult((db.Releases.Count(r => r.LotId == lot), db.GoodShares.Count(s => db.Bids.Any(b => b.Id == s.BidId && b.LotId == lot))))));
        Assert.Equal("waiting", (await host.LookAsync(opening.Lot)).GetProperty("stage").GetString());
    }

    [Fact]
    public async Task A_node_whose_clock_was_moved_opens_nothing_and_the_next_one_whose_is_right_does()
    {
        var offset = TimeSpan.FromMilliseconds(501);
        await using var skewed = new OpeningHost(builder => builder.Services.Replace(ServiceDescriptor.Singleton<MeasureOffset>(_ => Task.FromResult(offset))));
        await skewed.InitializeAsync();
        var lot = skewed.NewLot();
        var opening = await skewed.CloseAsync(lot, await skewed.SealAsync(lot, 3));
        skewed.Clock.MoveTo(lot.Deadline);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => skewed.InDbAsync<BidOpeningDb, int>(async db =>
            {
                await ContinueOpeningWhenDue.Handle(lot.LotId, db, skewed.Services, lot.Deadline, default);
                return await db.SaveChangesAsync();
            }));
        }
        Assert.Equal("waiting", (await skewed.LookAsync(lot)).GetProperty("stage").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await opening.ReleaseAsync(1, opening.SharesOf(1))).StatusCode);
        offset = DatabaseClock.DifferenceMax;
        await skewed.InDbAsync<BidOpeningDb, int>(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            if (await db.LockSessionAsync(lot.LotId, default) is { Stage: SessionStage.Waiting }) await ContinueOpeningWhenDue.Handle(lot.LotId, db, skewed.Services, lot.Deadline, default);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
            return 0;
        });
        await skewed.StageAsync(lot, "opening");
    }

    [Fact]
    public async Task Shares_swapped_between_bids_are_wrong_shares_and_name_who_brought_them()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        var shares = opening.SharesOf(1, SealedPart.Price);
        var answer = await opening.ReleasedAsync(1, [shares[0] with { Share = shares[1].Share }, shares[1] with { Share = shares[0].Share }, shares[2]]);
        Assert.Equal((1, 2), (answer.Good, answer.Wrong.Length));
        await opening.ReleasedAsync(2);
        await opening.ReleasedAsync(3);
        var record = await opening.RecordAsync();
        Assert.All(record.Bids, b => Assert.NotNull(b.Price));
        Assert.Equal([(1, 2)], record.WrongShares.GroupBy(w => w.CustodianIndex).Select(g => (g.Key, g.Count())));
    }

    // The same ciphertext and shares under another bidder's name and signature: they open for nobody, since key, shares and ciphertext are bound to their bidder.
    [Fact]
    public async Task A_copied_bid_opens_for_nobody()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 4);
        var thief = bids[3].Bidder;
        bids[3] = TestBid.Sign(thief, bids[0].Manifest with { Bidder = thief.Id, RecoveryKey = thief.Recovery.PublicKey }, bids[0].Price, bids[0].Files);
        var opening = await host.OpenAsync(lot, bids);
        foreach (var index in new[] { 1, 2 })
        {
            await Assert.ThrowsAsync<OpeningException>(() => Task.FromResult(BidOpener.OpenShare(bids[3].Manifest, SealedPart.Price, index, lot.Custodians[index - 1])));
            var shares = SharesOf(opening, index, 3).ToList();
            // A custodian in league with the thief brings the victim's shares for it: their hashes fit, the ciphertext does not.
            shares.AddRange(shares.Where(s => s.BidId == opening.Bids[0].Id).ToList().Select(s => s with { BidId = opening.Bids[3].Id }));
            await opening.ReleasedAsync(index, shares);
        }
        var record = await opening.RecordAsync();
        Assert.Equal([null, null, null, "ciphertext-broken"], record.Bids.Select(b => b.Fact));
        Assert.Equal(("revoked", "bidder"), (record.Bids[3].Verdict, record.Bids[3].Cause));
    }

    [Fact]
    public async Task A_manifest_that_the_databases_owner_changed_is_the_platforms_fault_and_the_others_are_opened()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3));
        var forged = await lot.SealAsync(opening.Bids[1].Sealed.Bidder, 1L);
        await AsOwnerAsync("update listed_bid set manifest = $1 where id = $2", forged.Text, opening.Bids[1].Id);
        await host.StartAsync(lot);
        Assert.Equal(2, (await opening.Custodian(1).GetFromJsonAsync<GetSealedShares.Response>(opening.Path("sealed-shares")))!.Bids.Length);
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index);
        var record = await opening.RecordAsync();
        Assert.Equal([1_000_000, null, 3_000_000], record.Bids.Select(b => b.Price));
        Assert.Equal(("withdrawn", "platform", "manifest-differs"), (record.Bids[1].Verdict, record.Bids[1].Cause, record.Bids[1].Fact));
        Assert.Empty(record.WrongShares);
        var recovery = await opening.RecoverAsync(opening.Bids[1], Opening.RecoveredKey(opening.Bids[1], SealedPart.Price), null);
        Assert.Equal((HttpStatusCode.Conflict, "manifest-differs"), (recovery.StatusCode, await recovery.CodeAsync()));
    }

    [Fact]
    public async Task A_closing_list_that_the_databases_owner_changed_opens_nothing_and_is_told()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3));
        var forged = await lot.SealAsync(opening.Bids[1].Sealed.Bidder, 1L);
        await AsOwnerAsync("update listed_bid set manifest = $1, manifest_hash = $3 where id = $2", forged.Text, opening.Bids[1].Id, forged.Manifest.Hash());
        host.Clock.MoveTo(lot.Deadline);
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<ClosingListDiffers>()).Count == 1, "the alarm");
        Assert.Equal("waiting", (await host.LookAsync(lot)).GetProperty("stage").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(1).GetAsync(opening.Path("sealed-shares"))).StatusCode);
        await AsOwnerAsync("update listed_bid set manifest = $1, manifest_hash = $3 where id = $2", opening.Bids[1].Sealed.Text, opening.Bids[1].Id, opening.Bids[1].Closed.ManifestHash);
        host.Clock.Advance(TimeSpan.FromSeconds(31));
        await host.StageAsync(lot, "opening");

        // And in the middle of it.
        await AsOwnerAsync("update listed_bid set manifest = $1, manifest_hash = $3 where id = $2", forged.Text, opening.Bids[1].Id, forged.Manifest.Hash());
        var refused = await opening.ReleaseAsync(1, opening.SharesOf(1));
        Assert.Equal((HttpStatusCode.Conflict, "closing-list-differs"), (refused.StatusCode, await refused.CodeAsync()));
        Assert.Empty(await opening.EventsAsync<SharesReleased>());
        Assert.Single(await opening.EventsAsync<ClosingListDiffers>());
    }

    [Fact]
    public async Task A_price_or_record_that_the_databases_owner_changed_does_not_agree_with_what_is_public()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await opening.OpenAllAsync();
        var record = await opening.RecordAsync();
        var completed = Assert.Single(await opening.EventsAsync<OpeningCompleted>());
        var forged = (record with { Bids = [record.Bids[0] with { Price = 1 }, .. record.Bids.Skip(1)] }).Canonical();
        await AsOwnerAsync("alter table opening_session disable trigger opening_session_record_is_final; update opening_session set record = '" + forged.Replace("'", "''", StringComparison.Ordinal) + "' where id = '" + lot.LotId + "'");
        Assert.Equal(HttpStatusCode.InternalServerError, (await host.Public().GetAsync(opening.Path("record"))).StatusCode);
        // With the stored hash changed too it is served, and is not the record that the log holds, nor what the ciphertext says.
        await AsOwnerAsync("update opening_session set record_hash = '" + HexText.Sha256(Encoding.UTF8.GetBytes(forged)) + "' where id = '" + lot.LotId + "'; alter table opening_session enable trigger opening_session_record_is_final");
        var served = await host.Public().GetStringAsync(opening.Path("record"));
        Assert.NotEqual(completed.RecordHash, HexText.Sha256(Encoding.UTF8.GetBytes(served)));
        var line = OpeningRecord.Read(served).Bids[0];
        var proof = (await host.Public().GetFromJsonAsync<GetBidProof.Response>(opening.Path($"bids/{line.BidId}/proof")))!;
        var manifest = BidManifest.Parse(Encoding.UTF8.GetBytes(proof.Manifest));
        Assert.Equal(line.ManifestHash, manifest.Hash());
        var plain = await BidOpener.OpenAsync(manifest, SealedPart.Price, Base64UrlText.Decode(line.PriceKey!), Convert.FromBase64String(proof.PriceCiphertext!));
        Assert.NotEqual(line.Price, OpeningSchedule.Parse(plain, manifest).Price);
    }

    [Fact]
    public async Task With_fewer_than_three_bids_no_share_is_ever_asked_for_or_taken()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 2));
        await opening.SignInAsync(opening.Bidder(0));
        host.Clock.MoveTo(lot.Deadline);
        await host.StageAsync(lot, "not-opened");
        foreach (var index in new[] { 1, 2, 3 })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await opening.Custodian(index).GetAsync(opening.Path("sealed-shares"))).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await opening.ReleaseAsync(index, opening.SharesOf(index))).StatusCode);
        }
        Assert.Equal(0, await host.InDbAsync<BidOpeningDb, int>(db => Task.FromResult(db.GoodShares.Count(s => opening.Bids.Select(b => b.Id).Contains(s.BidId)))));
        foreach (var bid in opening.Bids) Assert.NotNull(await host.Store.LengthAsync(bid.Closed.PriceStorageKey, default));
        foreach (var path in new[] { "record", "announcement", $"bids/{opening.Bids[0].Id}/proof" }) Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(opening.Path(path))).StatusCode);
        Assert.Empty(await opening.EntriesAsync());
        Assert.Equal(0, (await host.LookAsync(lot)).GetProperty("attendance").GetArrayLength());
    }

    private static IEnumerable<ReleaseShares.Item> SharesOf(Opening opening, int index, int bids) =>
        from bid in opening.Bids.Take(bids) from part in SealedPart.All
        select new ReleaseShares.Item(bid.Id, part, Base64UrlText.Encode(BidOpener.OpenShare(bid.Sealed.Manifest, part, index, opening.Lot.Custodians[index - 1])));

    private async Task AsOwnerAsync(string sql, params object[] values)
    {
        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await owner.OpenAsync();
        await using var command = new NpgsqlCommand(sql, owner);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
