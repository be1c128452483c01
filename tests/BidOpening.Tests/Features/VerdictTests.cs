using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>What happened decides the legal word: one bid goes wrong in one way, the others are opened all the same.</summary>
public class VerdictTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    private const string Article = "20号令31";

    [Fact]
    public async Task A_lost_ciphertext_is_the_platforms_fault() =>
        await AssertVerdictAsync(spoil: bid => host.Store.DeleteAsync(bid.Closed.PriceStorageKey, default).GetAwaiter().GetResult(), expected: ("withdrawn", "platform", "ciphertext-missing"));

    [Fact]
    public async Task A_flipped_byte_in_storage_is_the_platforms_fault() =>
        await AssertVerdictAsync(spoil: bid => Overwrite(bid, 20, [(byte)(bid.Sealed.Price[20] ^ 1)]), expected: ("withdrawn", "platform", "ciphertext-differs"));

    [Fact]
    public async Task Bytes_that_were_appended_in_storage_are_the_platforms_fault() =>
        await AssertVerdictAsync(spoil: bid => Overwrite(bid, bid.Sealed.Price.Length, new byte[1000]), expected: ("withdrawn", "platform", "ciphertext-differs"));

    [Fact]
    public async Task A_lost_ciphertext_of_a_bid_with_a_wrong_commitment_is_still_the_platforms_fault() =>
        await AssertVerdictAsync(make: async (lot, bidder) => Changed(await lot.SealAsync(bidder), price => price with { Commitment = new string('a', 64) }),
            spoil: bid => host.Store.DeleteAsync(bid.Closed.PriceStorageKey, default).GetAwaiter().GetResult(), expected: ("withdrawn", "platform", "ciphertext-missing"));

    [Fact]
    public async Task A_key_that_is_not_the_committed_one_is_the_bidders_fault() =>
        await AssertVerdictAsync(make: async (lot, bidder) => Changed(await lot.SealAsync(bidder), price => price with { Commitment = new string('a', 64) }),
            expected: ("revoked", "bidder", "commitment-fails"));

    [Fact]
    public async Task A_ciphertext_that_was_broken_when_it_was_signed_is_the_bidders_fault() =>
        await AssertVerdictAsync(make: async (lot, bidder) =>
        {
            var bid = await lot.SealAsync(bidder);
            bid.Price[^1] ^= 1;
            return Changed(bid, price => price with { Digest = BlockDigest.Of(bid.Price) });
        }, expected: ("revoked", "bidder", "ciphertext-broken"), keyIsPublic: true);

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"price\":1}")]
    public async Task A_price_record_that_cannot_be_read_is_rejected_at_the_opening(string price) =>
        await AssertVerdictAsync(make: (lot, bidder) => lot.SealAsync(bidder, Encoding.UTF8.GetBytes(price)), expected: ("rejected", "bidder", "price-unreadable"), keyIsPublic: true);

    [Fact]
    public async Task A_price_of_zero_or_for_another_lot_is_rejected_at_the_opening()
    {
        await AssertVerdictAsync(make: (lot, bidder) => lot.SealAsync(bidder, (lot.Schedule(bidder, 1) with { Price = 0 }).Canonical()), expected: ("rejected", "bidder", "price-unreadable"), keyIsPublic: true);
        await AssertVerdictAsync(make: (lot, bidder) => lot.SealAsync(bidder, (lot.Schedule(bidder, 1) with { Lot = Guid.NewGuid() }).Canonical()), expected: ("rejected", "bidder", "price-unreadable"), keyIsPublic: true);
    }

    [Fact]
    public async Task A_price_in_another_currency_is_rejected_at_the_opening() =>
        await AssertVerdictAsync(make: (lot, bidder) => lot.SealAsync(bidder, (lot.Schedule(bidder, 1) with { Currency = "USD" }).Canonical()), expected: ("rejected", "bidder", "currency-differs"), keyIsPublic: true);

    [Fact]
    public async Task The_rule_is_that_of_the_tenders_own_rule_set()
    {
        var lot = host.NewLot("cn-procurement");
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await host.Store.DeleteAsync(opening.Bids[0].Closed.PriceStorageKey, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        var rule = RuleSet.Get("cn-procurement").Get(RuleKey.NotOpened);
        Assert.Equal((rule.Id, rule.Article), Assert.Single((await opening.EventsAsync<BidNotOpened>()).Select(e => (e.Rule, e.Article))));
    }

    [Fact]
    public async Task Without_custodians_a_bidder_opens_its_own_bid_with_its_recovery_key_and_who_does_not_is_withdrawn()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await opening.ReleasedAsync(1);                                              // one of two is not enough
        var started = host.Clock.GetUtcNow();
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(lot)).GetProperty("recoveryDueBy").ValueKind == JsonValueKind.String, "the bidders' time");
        Assert.Equal(started.AddMinutes(2 * lot.OpeningMinutes), (await host.LookAsync(lot)).GetProperty("recoveryDueBy").GetDateTimeOffset());
        Assert.Empty(await opening.EventsAsync<BidNotOpened>());

        var (helped, wrong) = (opening.Bids[1], opening.Bids[2]);
        var (price, files) = (Opening.RecoveredKey(helped, SealedPart.Price), Opening.RecoveredKey(helped, SealedPart.Files));
        Assert.Equal((HttpStatusCode.Conflict, "recovery-key-wrong"), await ProblemAsync(await opening.RecoverAsync(wrong, price, null)));
        Assert.Equal((HttpStatusCode.Conflict, "recovery-key-wrong"), await ProblemAsync(await opening.RecoverAsync(helped, files, price)));
        Assert.Equal((HttpStatusCode.Conflict, "recovery-key-missing"), await ProblemAsync(await opening.RecoverAsync(helped, null, null)));
        Assert.Equal(HttpStatusCode.NotFound, (await opening.RecoverAsync(helped, price, files, organisation: wrong.Sealed.Bidder.Id)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(helped, price, files)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(helped, price, files)).StatusCode);
        Assert.Equal(2_000_000, Assert.Single(await opening.EventsAsync<BidOpened>()).Price);
        await opening.FilesAsync(helped, FilesStage.Opened);

        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        var record = await opening.RecordAsync();
        Assert.Equal([null, "recovery", null], record.Bids.Select(b => b.OpenedBy));
        foreach (var bid in new[] { record.Bids[0], record.Bids[2] })
            Assert.Equal(("withdrawn", "custodians", "shares-missing", "A36", Article), (bid.Verdict, bid.Cause, bid.Fact, bid.Rule, bid.Article));
        Assert.Equal(2, (await opening.EventsAsync<BidNotOpened>()).Count(e => e is { Verdict: "withdrawn", Cause: "custodians", Rule: "A36" }));
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(wrong, Opening.RecoveredKey(wrong, SealedPart.Price), null)).StatusCode);
        Assert.Equal(BidStage.NotOpened, (await opening.StoredAsync(wrong)).Stage);   // too late: the verdict stays
    }

    [Fact]
    public async Task A_custodian_that_never_comes_or_lost_its_key_costs_nobody_a_bid()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        using var lost = CustodianKey.Generate();                                      // in its place another key: nothing opens
        Assert.Throws<OpeningException>(() => BidOpener.OpenShare(opening.Bids[0].Sealed.Manifest, SealedPart.Price, 1, lost));
        await opening.ReleasedAsync(2);
        await opening.ReleasedAsync(3);
        var record = await opening.RecordAsync();
        Assert.All(record.Bids, b => Assert.Equal("custodians", b.OpenedBy));
        Assert.Equal([(1, null, 0), (2, "came", 6), (3, "came", 6)], record.Custodians.Select(c => (c.Index, c.ReleasedAt is null ? null : "came", c.Good)));
    }

    [Fact]
    public async Task Custodians_who_come_in_the_bidders_time_still_open_the_bids()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(lot)).GetProperty("recoveryDueBy").ValueKind == JsonValueKind.String, "the bidders' time");
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.Equal("custodians", b.OpenedBy));
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_is_no_verdict_until_the_last_limit_and_then_the_platforms()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        var path = PathOf(opening.Bids[0]);
        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))   // an exclusive lock: reading fails, the file is there
        {
            await opening.ReleasedAsync(1);
            await opening.ReleasedAsync(2);
            Assert.Equal(2, (await opening.EventsAsync<BidOpened>()).Count);
            Assert.Empty(await opening.EventsAsync<BidNotOpened>());
        }
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.NotNull(b.Price));

        lot = host.NewLot();
        opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        using var locked = new FileStream(PathOf(opening.Bids[0]), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await host.LookAsync(lot)).GetProperty("recoveryDueBy").ValueKind == JsonValueKind.String, "the bidders' time");
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        Assert.Equal(("withdrawn", "platform", "ciphertext-unreadable"), ((await opening.RecordAsync()).Bids[0] is var b ? (b.Verdict, b.Cause, b.Fact) : default));
    }

    [Fact]
    public async Task A_storage_that_is_not_there_or_is_another_is_no_verdict_and_what_is_lost_from_the_right_one_is()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 4));
        await host.Store.DeleteAsync(opening.Bids[3].Closed.PriceStorageKey, default);
        var (folder, away) = (host.StorageFolder, host.StorageFolder + "-away");
        Directory.Move(folder, away);
        try
        {
            await opening.ReleasedAsync(1);
            await opening.ReleasedAsync(2);                                          // no folder at all
            await AssertNothingDecidedAsync(opening);
            Directory.CreateDirectory(Path.Combine(folder, "bids"));                 // a disk that was not mounted
            await LookAgainAsync(opening);
            await AssertNothingDecidedAsync(opening);
            Directory.CreateDirectory(Path.Combine(folder, "marks"));                // another disk
            await File.WriteAllTextAsync(Path.Combine(folder, "marks", BidOpeningService.Name), Guid.NewGuid().ToString(), TestContext.Current.CancellationToken);
            await LookAgainAsync(opening);
            await AssertNothingDecidedAsync(opening);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Move(away, folder);
        }
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal([null, null, null, "ciphertext-missing"], (await opening.RecordAsync()).Bids.Select(b => b.Fact));
        foreach (var bid in opening.Bids.Take(3)) await opening.FilesAsync(bid, FilesStage.Opened);
    }

    // The next look has been when its moment has moved on.
    private async Task LookAgainAsync(Opening opening)
    {
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<Data.BidOpeningDb, bool>(db => db.Sessions.AnyAsync(s => s.Id == opening.Lot.LotId && s.NextDueAt > host.Clock.GetUtcNow())), "another look");
    }

    private static async Task AssertNothingDecidedAsync(Opening opening)
    {
        Assert.Empty(await opening.EventsAsync<BidOpened>());
        Assert.Empty(await opening.EventsAsync<BidNotOpened>());
    }

    private async Task AssertVerdictAsync(
        (string Verdict, string Cause, string Fact) expected, Func<TestLot, TestBidder, Task<TestBid>>? make = null, Action<OpenedTestBid>? spoil = null, bool keyIsPublic = false)
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        if (make is not null) bids[1] = await make(lot, bids[1].Bidder);
        var opening = await host.OpenAsync(lot, bids);
        spoil?.Invoke(opening.Bids[1]);
        await opening.ReleasedAsync(3);
        await opening.ReleasedAsync(1);

        var record = await opening.RecordAsync();
        Assert.Equal([1_000_000, null, 3_000_000], record.Bids.Select(b => b.Price));
        var line = record.Bids[1];
        Assert.Equal((expected.Verdict, expected.Cause, expected.Fact, "A36", Article), (line.Verdict, line.Cause, line.Fact, line.Rule, line.Article));
        Assert.Equal(keyIsPublic, line.PriceKey is not null);
        var told = Assert.Single(await opening.EventsAsync<BidNotOpened>());
        Assert.Equal((opening.Bids[1].Id, expected.Verdict, expected.Cause, expected.Fact, "A36", Article), (told.BidId, told.Verdict, told.Cause, told.Fact, told.Rule, told.Article));
        Assert.Equal([null, expected.Verdict, null], Assert.Single(await opening.EventsAsync<OpeningCompleted>()).Bids.Select(b => b.Verdict));
    }

    private static TestBid Changed(TestBid bid, Func<ManifestPart, ManifestPart> change) =>
        TestBid.Sign(bid.Bidder, bid.Manifest with { Parts = [change(bid.Manifest.Price), bid.Manifest.Files] }, bid.Price, bid.Files);

    private void Overwrite(OpenedTestBid bid, long offset, byte[] bytes) => host.Store.WriteAsync(bid.Closed.PriceStorageKey, offset, bytes, default).GetAwaiter().GetResult();

    private string PathOf(OpenedTestBid bid) => Path.Combine(host.StorageFolder, bid.Closed.PriceStorageKey);

    private static async Task<(HttpStatusCode, string?)> ProblemAsync(HttpResponseMessage answer) => (answer.StatusCode, await answer.CodeAsync());
}
