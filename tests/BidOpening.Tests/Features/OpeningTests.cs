using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts;
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
        var content = new byte[5_000_000];
        new Random(7).NextBytes(content);
        var archive = TestArchive.Of(("a", content));
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
            Assert.Equal(archive, await opening.Agency.GetByteArrayAsync(opening.Path($"bids/{bid.Id}/archive")));
        }
    }

    [Fact]
    public async Task An_archive_is_read_by_those_whom_it_concerns_whole_or_in_ranges_and_lies_nowhere_in_the_clear()
    {
        var lot = host.NewLot();
        var content = new byte[200_000];
        new Random(8).NextBytes(content);
        var archive = TestArchive.Of(("a", content));
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3, archive));
        var path = opening.Path($"bids/{opening.Bids[0].Id}/archive");
        await opening.ReleasedAsync(1, opening.SharesOf(1, SealedPart.Price));
        await AssertRefusedAsync(opening.Agency, HttpStatusCode.Conflict, "opening-not-over");
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Price));
        await opening.RecordAsync();
        await AssertRefusedAsync(opening.Agency, HttpStatusCode.Conflict, "archive-not-opened");
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Files));
        await opening.ReleasedAsync(3, opening.SharesOf(3, SealedPart.Files));
        foreach (var bid in opening.Bids) await opening.SettledAsync(bid);

        foreach (var reader in new[] { opening.Agency, opening.Bidder(0), host.As(Roles.Supervisor, Guid.NewGuid()) })
            Assert.Equal(archive, await reader.GetByteArrayAsync(path));
        using var range = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Range = new(70_000, 140_000) } };
        using var part = await opening.Agency.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(archive[70_000..140_001], await part.Content.ReadAsByteArrayAsync());
        foreach (var stranger in new[] { opening.Bidder(1), host.As(Roles.Agency, Guid.NewGuid()) }) await AssertRefusedAsync(stranger, HttpStatusCode.Forbidden, "forbidden");
        Assert.DoesNotContain(Directory.EnumerateFiles(host.StorageFolder, "*", SearchOption.AllDirectories), f => File.ReadAllBytes(f).AsSpan().IndexOf(content.AsSpan(0, 64)) >= 0);

        async Task AssertRefusedAsync(HttpClient reader, HttpStatusCode status, string code)
        {
            using var answer = await reader.GetAsync(path);
            Assert.Equal((status, code), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task A_copy_in_the_clear_that_an_earlier_version_left_is_deleted()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        await opening.OpenAllAsync();
        foreach (var bid in opening.Bids) await opening.SettledAsync(bid);
        var left = opening.Bids[0];
        await host.Store.WriteAsync($"opened/{left.Id}", 0, new byte[] { 1, 2, 3 }, default);
        await using (var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString))
        await using (var insert = owner.CreateCommand($"insert into clear_copy values ('{left.Id}')")) await insert.ExecuteNonQueryAsync();
        await ServiceFixture.EventuallyAsync(async () => await host.Store.LengthAsync($"opened/{left.Id}", default) is null, "the copy to be deleted");
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BidOpeningDb, bool>(db => db.Database.SqlQuery<bool>($"select not exists (select 1 from clear_copy) as \"Value\"").SingleAsync()), "nothing to be left to do");
        Assert.Equal(FilesStage.Opened, (await opening.StoredAsync(left)).FilesStage);
    }

    [Fact]
    public async Task An_archive_that_cannot_be_opened_is_a_finding_and_the_bid_stays_opened()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 4, TestArchive.Of(("a", new byte[200_000])));
        bids[0].Files[^1] ^= 1;                                                       // broken when it was signed: its last chunk
        bids[0] = TestBid.Sign(bids[0].Bidder, bids[0].Manifest with { Parts = [bids[0].Manifest.Price, bids[0].Manifest.Files with { Digest = BlockDigest.Of(bids[0].Files) }] }, bids[0].Price, bids[0].Files);
        bids[1] = TestBid.Sign(bids[1].Bidder, bids[1].Manifest with { Parts = [bids[1].Manifest.Price, bids[1].Manifest.Files with { Commitment = new string('b', 64) }] }, bids[1].Price, bids[1].Files);
        var opening = await host.OpenAsync(lot, bids);
        await host.Store.DeleteAsync(opening.Bids[2].Closed.FilesStorageKey, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        foreach (var (bid, fact) in opening.Bids.Zip(new[] { OpeningFact.CiphertextBroken, OpeningFact.CommitmentFails, OpeningFact.CiphertextMissing }))
            await AssertArchiveAsync(opening, bid, fact, fact == OpeningFact.CiphertextMissing ? ("withdrawn", "platform") : ("revoked", "bidder"));
        await opening.FilesAsync(opening.Bids[3], FilesStage.Opened);
        Assert.Empty(await opening.EventsAsync<BidNotOpened>());
        Assert.Equal([.. opening.Bids.Take(3).Select(b => b.Id)], (await host.LookAsync(lot)).GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("bidId").GetGuid()));
    }

    // The platform answers for what it stored otherwise than it took it, whatever the bidder did and whatever the archive holds.
    [Fact]
    public async Task A_changed_archive_is_the_platforms_fault()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 4, TestArchive.Of(("../../etc/passwd", "root"u8.ToArray())));
        bids[2] = TestBid.Sign(bids[2].Bidder, bids[2].Manifest with { Parts = [bids[2].Manifest.Price, bids[2].Manifest.Files with { Commitment = new string('b', 64) }] }, bids[2].Price, bids[2].Files);
        bids[3] = await lot.SealAsync(bids[3].Bidder, 4_000_000);
        var opening = await host.OpenAsync(lot, bids);
        await host.Store.WriteAsync(opening.Bids[0].Closed.FilesStorageKey, 30, new byte[] { 0xFF, 0x00, 0xFF, 0x00 }, default);
        await host.Store.WriteAsync(opening.Bids[1].Closed.FilesStorageKey, opening.Bids[1].Sealed.Files.Length, new byte[1000], default);
        await host.Store.WriteAsync(opening.Bids[2].Closed.FilesStorageKey, 30, new byte[] { 0xFF, 0x00, 0xFF, 0x00 }, default);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(2);
        foreach (var bid in opening.Bids.Take(3)) await AssertArchiveAsync(opening, bid, OpeningFact.CiphertextDiffers, ("withdrawn", "platform"));
        await opening.FilesAsync(opening.Bids[3], FilesStage.Opened);
    }

    public static TheoryData<string> Unfit => ["no archive", "path trick", "absolute path", "link", "bomb", "bomb that lies", "overlap", "not what its directory says", "two names", "cut", "empty"];

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task An_archive_that_is_not_what_it_says_is_its_bidders_fault_and_the_others_are_opened(string trick)
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        bids[1] = await lot.SealAsync(bids[1].Bidder, 2_000_000, files: Spoilt(trick));
        var opening = await host.OpenAsync(lot, bids);
        await opening.ReleasedAsync(1);
        await opening.ReleasedAsync(3);
        Assert.All((await opening.RecordAsync()).Bids, b => Assert.NotNull(b.Price));
        await AssertArchiveAsync(opening, opening.Bids[1], OpeningFact.ArchiveUnfit, ("revoked", "bidder"));
        foreach (var index in new[] { 0, 2 }) await opening.FilesAsync(opening.Bids[index], FilesStage.Opened);
        Assert.False(File.Exists(Path.Combine(host.StorageFolder, "..", "evil")) || File.Exists("/evil"));
        Assert.True(await host.Store.LengthAsync(opening.Bids[1].Closed.FilesStorageKey, default) > 0);      // what was sealed stays to be shown
        Assert.Single(await opening.EventsAsync<ArchiveNotOpened>());
    }

    private static byte[] Spoilt(string trick)
    {
        var text = new byte[3_000];
        Array.Fill(text, (byte)'x');
        var zip = TestArchive.Of(("a", text), ("b", text));
        var directory = DirectoryOf(zip);
        switch (trick)
        {
            case "no archive": return text;
            case "path trick": return TestArchive.Of(("a", text), ("../../../evil", text));
            case "absolute path": return TestArchive.Of(("/evil", text));
            case "link": zip[directory[1] + 5] = 3; BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(directory[1] + 38), 0xA1FF0000); return zip;
            case "bomb": return TestArchive.Of(("zeros", new byte[40_000_000]));
            case "bomb that lies":
                var bomb = TestArchive.Of(("zeros", new byte[20_000_000]));
                BinaryPrimitives.WriteUInt32LittleEndian(bomb.AsSpan(DirectoryOf(bomb)[0] + 24), 1_000);
                return bomb;
            case "overlap": zip.AsSpan(directory[0] + 42, 4).CopyTo(zip.AsSpan(directory[1] + 42)); BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(directory[1] + 20), 6_000); BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(directory[1] + 24), 6_000); return zip;
            case "not what its directory says": zip[directory[0] + 16] ^= 1; return zip;
            case "two names": return TestArchive.Of(("a.pdf", text), ("A.PDF", text));
            case "cut": return zip[..^30];
            default: return [];
        }
    }

    // Where the directory's entries begin.
    private static List<int> DirectoryOf(byte[] zip) => [.. Enumerable.Range(0, zip.Length - 4).Where(at => BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(at)) == 0x02014b50)];

    private async Task AssertArchiveAsync(Opening opening, OpenedTestBid bid, OpeningFact fact, (string Verdict, string Cause) expected)
    {
        await opening.FilesAsync(bid, FilesStage.Failed);
        var stored = await opening.StoredAsync(bid);
        Assert.Equal((BidStage.Opened, fact), (stored.Stage, stored.FilesFact));
        var told = Assert.Single(await opening.EventsAsync<ArchiveNotOpened>(), e => e.BidId == bid.Id);
        Assert.Equal((expected.Verdict, expected.Cause, Word.Of(fact), "A36"), (told.Verdict, told.Cause, told.Fact, told.Rule));
        var finding = (await host.LookAsync(opening.Lot)).GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("bidId").GetGuid() == bid.Id);
        Assert.Equal((expected.Verdict, expected.Cause, Word.Of(fact)), (finding.GetProperty("verdict").GetString(), finding.GetProperty("cause").GetString(), finding.GetProperty("fact").GetString()));
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
