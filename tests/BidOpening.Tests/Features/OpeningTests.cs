using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

public class OpeningTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Notice_and_closing_list_come_in_any_order_and_before_the_opening_only_its_stage_is_known(bool noticeFirst)
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3), noticeFirst);
        var look = await host.LookAsync(lot);
        Assert.Equal(("waiting", host.Clock.GetUtcNow(), lot.Deadline), (look.GetProperty("stage").GetString(), look.GetProperty("now").GetDateTimeOffset(), look.GetProperty("openingAt").GetDateTimeOffset()));
        string[] told = ["stage", "now", "openingAt", "hallOpensAt", "lastEntry"];
        Assert.All(look.EnumerateObject().Where(p => !told.Contains(p.Name)), p => Assert.True(p.Value.ValueKind == JsonValueKind.Null || p.Value.GetArrayLength() == 0, p.Name));
        Assert.Equal(0, look.GetProperty("lastEntry").GetInt32());
        foreach (var path in new[] { "record", "record.html", "announcement", $"bids/{opening.Bids[0].Id}/proof" })
            Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(new Uri($"/api/bid-opening/lots/{lot.LotId}/{path}", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.RecoverAsync(opening.Bids[0], Opening.RecoveredKey(opening.Bids[0], SealedPart.Price), null)).StatusCode);
        Assert.Empty(await opening.EventsAsync<OpeningStarted>());

        await host.StartAsync(lot);
        var started = Assert.Single(await opening.EventsAsync<OpeningStarted>());
        Assert.Equal((3, lot.Deadline, lot.Deadline.AddMinutes(lot.OpeningMinutes)), (started.Bids, started.StartedAt, started.SharesDueBy));
        Assert.Equal(started.SharesDueBy, (await host.LookAsync(lot)).GetProperty("sharesDueBy").GetDateTimeOffset());
    }

    [Fact]
    public async Task With_fewer_than_three_bidders_nothing_is_opened_and_nothing_is_told()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 2));
        host.Clock.MoveTo(lot.Deadline);
        await host.StageAsync(lot, "not-opened");
        Assert.Equal(JsonValueKind.Null, (await host.LookAsync(lot)).GetProperty("total").ValueKind);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.ReleaseAsync(1, opening.SharesOf(1))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await opening.RecoverAsync(opening.Bids[0], Opening.RecoveredKey(opening.Bids[0], SealedPart.Price), null)).StatusCode);
        Assert.Equal(0, await host.InDbAsync<BidOpeningDb, int>(db => db.Set<ServiceDefaults.OutboxEvent>().CountAsync(e => e.TenderId == lot.TenderId)));
    }

    [Fact]
    public async Task A_closing_list_is_taken_once_and_only_if_it_is_what_its_hash_says()
    {
        var lot = host.NewLot();
        var opening = await host.CloseAsync(lot, await host.SealAsync(lot, 3));
        var repeated = new ClosingListDrawn(lot.TenderId, lot.LotId, new string('0', 64), [], lot.Deadline);
        await host.HearAsync(repeated);
        var forged = host.NewLot();
        await host.HearAsync(new ClosingListDrawn(forged.TenderId, forged.LotId, new string('0', 64), [.. opening.Bids.Select(b => b.Closed with { BidId = Guid.CreateVersion7() })], forged.Deadline));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BidOpeningDb, bool>(db => db.Database.SqlQuery<int>($"select count(*)::int as \"Value\" from parked").AnyAsync(n => n == 1)), "the forged list to be parked");
        Assert.Equal(3, await host.InDbAsync<BidOpeningDb, int>(db => db.Bids.CountAsync(b => b.LotId == lot.LotId)));
        Assert.Equal(0, await host.InDbAsync<BidOpeningDb, int>(db => db.Bids.CountAsync(b => b.LotId == forged.LotId)));
    }

    [Fact]
    public async Task The_archives_are_opened_in_the_background()
    {
        var lot = host.NewLot();
        var archive = new byte[5_000_000];
        new Random(7).NextBytes(archive);
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3, archive));
        await opening.ReleasedAsync(1, opening.SharesOf(1, SealedPart.Price));
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Price));
        await opening.RecordAsync();
        Assert.Equal(FilesStage.Sealed, (await opening.StoredAsync(opening.Bids[0])).FilesStage);
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Files));       // the record is drawn; the archives may follow
        await opening.ReleasedAsync(3, opening.SharesOf(3, SealedPart.Files));
        foreach (var bid in opening.Bids)
        {
            await opening.FilesAsync(bid, FilesStage.Opened);
            await using var stored = (await host.Store.OpenReadAsync($"opened/{bid.Id}", 0, default))!;
            using var copy = new MemoryStream();
            await stored.CopyToAsync(copy);
            Assert.True(archive.AsSpan().SequenceEqual(copy.ToArray()));
        }
    }

    [Fact]
    public async Task An_archive_that_was_lost_before_it_was_on_disk_is_opened_again()
    {
        var lot = host.NewLot();
        var archive = new byte[200_000];
        new Random(8).NextBytes(archive);
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3, archive));
        await opening.OpenAllAsync();
        foreach (var bid in opening.Bids) await opening.OnDiskAsync(bid);
        // As after a crash: nobody remembers to have brought them to disk, and one's ciphertext is gone as well.
        var (lost, gone) = (opening.Bids[0], opening.Bids[1]);
        foreach (var key in new[] { $"opened/{lost.Id}", $"opened/{gone.Id}", gone.Closed.FilesStorageKey }) await host.Store.DeleteAsync(key, default);
        await host.InDbAsync<BidOpeningDb, int>(db => db.Database.ExecuteSqlAsync($"update listed_bid set next_due_at = closed.submitted_at from listed_bid closed where closed.id = listed_bid.id and listed_bid.id in ({lost.Id}, {gone.Id})"));
        await opening.FilesAsync(gone, FilesStage.Failed);
        Assert.Equal(OpeningFact.CiphertextMissing, (await opening.StoredAsync(gone)).FilesFact);
        await opening.OnDiskAsync(lost);
        await using var stored = (await host.Store.OpenReadAsync($"opened/{lost.Id}", 0, default))!;
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        Assert.True(archive.AsSpan().SequenceEqual(copy.ToArray()));
    }

    [Fact]
    public async Task An_archive_that_cannot_be_opened_is_a_finding_and_the_bid_stays_opened()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 4, new byte[200_000]);
        bids[0].Files[^1] ^= 1;                                                       // broken when it was signed: its last chunk
        bids[0] = TestBid.Sign(bids[0].Bidder, bids[0].Manifest with { Parts = [bids[0].Manifest.Price, bids[0].Manifest.Files with { Digest = BlockDigest.Of(bids[0].Files) }] }, bids[0].Price, bids[0].Files);
        bids[1] = TestBid.Sign(bids[1].Bidder, bids[1].Manifest with { Parts = [bids[1].Manifest.Price, bids[1].Manifest.Files with { Commitment = new string('b', 64) }] }, bids[1].Price, bids[1].Files);
        var opening = await host.OpenAsync(lot, bids);
        await host.Store.DeleteAsync(opening.Bids[2].Closed.FilesStorageKey, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        foreach (var (bid, fact) in opening.Bids.Zip(new[] { OpeningFact.CiphertextBroken, OpeningFact.CommitmentFails, OpeningFact.CiphertextMissing }))
        {
            await opening.FilesAsync(bid, FilesStage.Failed);
            var stored = await opening.StoredAsync(bid);
            Assert.Equal((BidStage.Opened, fact), (stored.Stage, stored.FilesFact));
            Assert.Null(await host.Store.LengthAsync($"opened/{bid.Id}", default));
        }
        await opening.FilesAsync(opening.Bids[3], FilesStage.Opened);
        Assert.Empty(await opening.EventsAsync<BidNotOpened>());
        Assert.Equal([.. opening.Bids.Take(3).Select(b => b.Id)], (await host.LookAsync(lot)).GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("bidId").GetGuid()));
    }

    // The platform answers for what it stored otherwise than it took it, whatever the bidder did; and what an archive claims to hold is nobody's business here.
    [Fact]
    public async Task A_changed_archive_is_the_platforms_and_one_full_of_tricks_is_passed_on_as_it_is()
    {
        var lot = host.NewLot();
        var bomb = ZipOf(("../../etc/passwd", "root"), ("bomb", new string('0', 20_000_000)));
        var bids = await host.SealAsync(lot, 4, bomb);
        bids[3] = TestBid.Sign(bids[3].Bidder, bids[3].Manifest with { Parts = [bids[3].Manifest.Price, bids[3].Manifest.Files with { Commitment = new string('b', 64) }] }, bids[3].Price, bids[3].Files);
        var opening = await host.OpenAsync(lot, bids);
        await host.Store.WriteAsync(opening.Bids[1].Closed.FilesStorageKey, 30, new byte[] { 0xFF, 0x00, 0xFF, 0x00 }, default);
        await host.Store.WriteAsync(opening.Bids[2].Closed.FilesStorageKey, opening.Bids[2].Sealed.Files.Length, new byte[1000], default);
        await host.Store.WriteAsync(opening.Bids[3].Closed.FilesStorageKey, 30, new byte[] { 0xFF, 0x00, 0xFF, 0x00 }, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        foreach (var bid in opening.Bids.Skip(1))
        {
            await opening.FilesAsync(bid, FilesStage.Failed);
            Assert.Equal((BidStage.Opened, OpeningFact.CiphertextDiffers), ((await opening.StoredAsync(bid)).Stage, (await opening.StoredAsync(bid)).FilesFact!.Value));
            Assert.Null(await host.Store.LengthAsync($"opened/{bid.Id}", default));
        }
        await opening.FilesAsync(opening.Bids[0], FilesStage.Opened);
        Assert.Equal(bomb.Length, await host.Store.LengthAsync($"opened/{opening.Bids[0].Id}", default));
    }

    private static byte[] ZipOf(params (string Name, string Text)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, text) in entries)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name).Open());
                writer.Write(text);
            }
        return stream.ToArray();
    }

    [Fact]
    public async Task The_record_is_a_page_to_print_in_which_nothing_of_a_bidders_text_is_markup()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        var evil = new TestBidder(host.Authority, "<script>alert(1)</script>");
        bids[0] = await lot.SealAsync(evil, (lot.Schedule(evil, 123_456_789_01) with { Remarks = "<b>cheapest</b>" }).Canonical());
        var opening = await host.OpenAsync(lot, bids);
        await host.Store.DeleteAsync(opening.Bids[2].Closed.PriceStorageKey, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        var record = await opening.RecordAsync();
        var answer = await host.Public().GetAsync(new Uri($"/api/bid-opening/lots/{lot.LotId}/record.html", UriKind.Relative));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        foreach (var text in new[] { "开标一览表", "Opening schedule", "123,456,789.01", "撤回", "20号令31", record.ClosingListHash, "&lt;script&gt;" })
            Assert.Contains(System.Net.WebUtility.HtmlDecode(text), WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains(await HashAsync(lot), page, StringComparison.Ordinal);
    }

    private async Task<string> HashAsync(TestLot lot)
    {
        var answer = await host.Public().GetAsync(new Uri($"/api/bid-opening/lots/{lot.LotId}/record", UriKind.Relative));
        Assert.Equal(HexText.Sha256(Encoding.UTF8.GetBytes(await answer.Content.ReadAsStringAsync())), answer.Headers.GetValues("Record-Hash").Single());
        return answer.Headers.GetValues("Record-Hash").Single();
    }
}
