using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests.Features;

/// <summary>Prices are opened and announced; the keys of archives come late, or never.</summary>
public class EndWaitForFilesKeyWhenDueTests(OpeningHost host) : IClassFixture<OpeningHost>
{
    [Fact]
    public async Task Who_is_asked_may_still_bring_the_key_and_an_archive_whose_key_never_comes_is_withdrawn_by_the_custodians()
    {
        var opening = await PricesOnlyAsync();
        var (recovered, released, lost) = (opening.Bids[0], opening.Bids[1], opening.Bids[2]);
        await opening.ReleasedAsync(3, opening.SharesOf(3, SealedPart.Files).Where(s => s.BidId != recovered.Id));
        Assert.Equal(3, Awaited(await host.LookAsync(opening.Lot)).Length);
        var asked = await AskedAsync(opening);
        Assert.Equal([(recovered.Id, "1 2 3"), (released.Id, "1 2"), (lost.Id, "1 2")], asked.OrderBy(a => opening.Bids.ToList().FindIndex(b => b.Id == a.BidId)).Select(a => (a.BidId, string.Join(' ', a.MissingCustodians))));
        var due = host.Clock.GetUtcNow().AddMinutes(opening.Lot.OpeningMinutes);
        Assert.All(asked, a => Assert.Equal(due, a.DueBy));
        Assert.All(Awaited(await host.LookAsync(opening.Lot)), a => Assert.Equal(due, a.GetProperty("dueBy").GetDateTimeOffset()));

        var key = Opening.RecoveredKey(recovered, SealedPart.Files);
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(recovered, null, key)).StatusCode);
        await opening.ReleasedAsync(2, opening.SharesOf(2, SealedPart.Files).Where(s => s.BidId == released.Id));
        foreach (var bid in new[] { recovered, released }) await opening.SettledAsync(bid);
        Assert.Empty(await opening.EventsAsync<ArchiveNotOpened>());

        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await opening.FilesAsync(lost, FilesStage.Failed);
        var told = Assert.Single(await opening.EventsAsync<ArchiveNotOpened>());
        Assert.Equal((lost.Id, "withdrawn", "custodians", "shares-missing", "A36", "20号令31"), (told.BidId, told.Verdict, told.Cause, told.Fact, told.Rule, told.Article));
        var stored = await opening.StoredAsync(lost);
        Assert.Equal((BidStage.Opened, 3_000_000, null, OpeningFact.SharesMissing), (stored.Stage, stored.Price, stored.NextDueAt, stored.FilesFact));
        var look = await host.LookAsync(opening.Lot);
        Assert.Empty(Awaited(look));
        Assert.Equal("shares-missing", Assert.Single(look.GetProperty("findings").EnumerateArray()).GetProperty("fact").GetString());

        // Too late: the verdict stays.
        using var late = await opening.RecoverAsync(lost, null, Opening.RecoveredKey(lost, SealedPart.Files));
        Assert.Equal((HttpStatusCode.Conflict, "recovery-too-late"), (late.StatusCode, (await late.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()));
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index, SealedPart.Files));
        Assert.Equal(FilesStage.Failed, (await opening.StoredAsync(lost)).FilesStage);
        Assert.Single(await opening.EventsAsync<ArchiveNotOpened>());
        Assert.Equal(3, (await opening.EventsAsync<ArchiveKeyAsked>()).Count);
    }

    [Fact]
    public async Task A_bidder_that_sealed_its_archive_wrongly_to_too_many_answers_for_it_also_when_the_prices_are_announced()
    {
        var lot = host.NewLot();
        var bids = await host.SealAsync(lot, 3);
        var honest = bids[1].Manifest;
        var spoilt = honest.Files.SealedShares.ToArray();
        foreach (var index in new[] { 1, 2 })
            spoilt[index - 1] = Base64UrlText.Encode(Hpke.Seal(lot.Custodians[index - 1].PublicKeyBytes, SealingContext.ShareInfo(lot.TenderId, lot.LotId, honest.Bidder, 1, SealedPart.Files, index), [], [(byte)index, .. RandomNumberGenerator.GetBytes(32)]));
        bids[1] = TestBid.Sign(bids[1].Bidder, honest with { Parts = [honest.Price, honest.Files with { SealedShares = spoilt }] }, bids[1].Price, bids[1].Files);
        var opening = await host.OpenAsync(lot, bids);
        foreach (var index in new[] { 1, 2 })
            await opening.ReleasedAsync(index, opening.SharesOf(index, SealedPart.Price).Concat(FilesOf(opening, index).Where(s => s.BidId != opening.Bids[1].Id)));
        await opening.RecordAsync();
        Task<HttpResponseMessage> ComplainAsync(int index, string part)
        {
            var complaint = ShareComplaint.Make(bids[1].Manifest, part, index, lot.Custodians[index - 1])!;
            return opening.Custodian(index).PostAsync(opening.Path("share-complaints").ToString(), new { bidId = opening.Bids[1].Id, part, complaint.SharedPoint, complaint.Proof });
        }
        Assert.Equal("complaint-too-late", await (await ComplainAsync(1, SealedPart.Price)).CodeAsync());
        foreach (var index in new[] { 1, 2 }) Assert.Equal(HttpStatusCode.OK, (await ComplainAsync(index, SealedPart.Files)).StatusCode);
        Assert.Equal("3", string.Join(' ', Assert.Single(await AskedAsync(opening, 1)).MissingCustodians));
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        await opening.FilesAsync(opening.Bids[1], FilesStage.Failed);
        var told = Assert.Single(await opening.EventsAsync<ArchiveNotOpened>());
        Assert.Equal(("revoked", "bidder", "share-sealed-wrong"), (told.Verdict, told.Cause, told.Fact));
    }

    [Fact]
    public async Task A_manifest_that_was_changed_meanwhile_is_the_platforms_fault()
    {
        var opening = await PricesOnlyAsync();
        await AsOwnerAsync("update listed_bid set manifest = $1 where id = $2", opening.Bids[0].Sealed.Text + " ", opening.Bids[1].Id);
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await opening.FilesAsync(opening.Bids[1], FilesStage.Failed);
        var told = Assert.Single(await opening.EventsAsync<ArchiveNotOpened>());
        Assert.Equal((opening.Bids[1].Id, "withdrawn", "platform", "manifest-differs"), (told.BidId, told.Verdict, told.Cause, told.Fact));
    }

    [Fact]
    public async Task While_the_stored_bids_are_not_those_of_the_closing_list_nobody_is_late()
    {
        var opening = await PricesOnlyAsync();
        var bid = opening.Bids[1];
        Task SetHashAsync(string hash) => AsOwnerAsync("update listed_bid set manifest_hash = $1 where id = $2", hash, bid.Id);
        await SetHashAsync(new string('0', 64));
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        foreach (var waiting in opening.Bids) await ServiceFixture.EventuallyAsync(async () => (await opening.StoredAsync(waiting)).NextDueAt > host.Clock.GetUtcNow(), "another look");
        Assert.Empty(await opening.EventsAsync<ArchiveKeyAsked>());
        await SetHashAsync(bid.Closed.ManifestHash);
        host.Clock.Advance(TimeSpan.FromSeconds(31));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<ArchiveKeyAsked>()).Count == 3, "the asking");
    }

    [Fact]
    public async Task Shares_that_were_there_before_a_recovered_price_open_the_archive_and_nobody_is_asked()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index).Where(s => s.BidId != opening.Bids[2].Id || s.Part == SealedPart.Files));
        Assert.Equal(HttpStatusCode.OK, (await opening.RecoverAsync(opening.Bids[2], Opening.RecoveredKey(opening.Bids[2], SealedPart.Price), null)).StatusCode);
        await opening.RecordAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(lot.OpeningMinutes));
        foreach (var bid in opening.Bids) await opening.SettledAsync(bid);
        Assert.Empty(await opening.EventsAsync<ArchiveKeyAsked>());
    }

    // Two custodians release what opens the prices; nobody is present, so that the record is drawn at once.
    private async Task<Opening> PricesOnlyAsync()
    {
        var lot = host.NewLot();
        var opening = await host.OpenAsync(lot, await host.SealAsync(lot, 3));
        foreach (var index in new[] { 1, 2 }) await opening.ReleasedAsync(index, opening.SharesOf(index, SealedPart.Price));
        await opening.RecordAsync();
        return opening;
    }

    private static IEnumerable<BidOpening.Features.ReleaseShares.Item> FilesOf(Opening opening, int index) =>
        from bid in opening.Bids where bid != opening.Bids[1]
        select new BidOpening.Features.ReleaseShares.Item(bid.Id, SealedPart.Files, Base64UrlText.Encode(BidOpener.OpenShare(bid.Sealed.Manifest, SealedPart.Files, index, opening.Lot.Custodians[index - 1])));

    // The custodians' time passes.
    private async Task<IReadOnlyList<ArchiveKeyAsked>> AskedAsync(Opening opening, int count = 3)
    {
        host.Clock.Advance(TimeSpan.FromMinutes(opening.Lot.OpeningMinutes));
        await ServiceFixture.EventuallyAsync(async () => (await opening.EventsAsync<ArchiveKeyAsked>()).Count == count, "the asking");
        return await opening.EventsAsync<ArchiveKeyAsked>();
    }

    private static JsonElement[] Awaited(JsonElement look) => [.. look.GetProperty("awaitedArchives").EnumerateArray()];

    private async Task AsOwnerAsync(string sql, params object[] values)
    {
        var owner = new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database, Pooling = false };
        await using var connection = new NpgsqlConnection(owner.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
