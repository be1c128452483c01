using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.BidOpening.Features;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.BidOpening.Tests;

public sealed class OpeningHost : ServiceFixture
{
    public OpeningHost() : this(_ => { }) { }

    /// <summary>The service with something in it replaced.</summary>
    internal OpeningHost(Action<WebApplicationBuilder> replace) : base(BidOpeningService.Name, builder => { BidOpeningService.Add(builder); replace(builder); }, BidOpeningService.Map) { }

    public TestAuthority Authority { get; } = new();
    public IBlobStore Store => Services.GetRequiredService<IBlobStore>();

    public TestLot NewLot(string ruleSet = "cn-tendering", PublishedCoefficient[]? coefficients = null) => new() { Deadline = Clock.GetUtcNow().AddHours(1), RuleSet = ruleSet, Coefficients = coefficients };

    /// <summary>Ordinary sealed bids with the prices 1, 2, 3 … million.</summary>
    public async Task<List<TestBid>> SealAsync(TestLot lot, int count, byte[]? files = null)
    {
        var bids = new List<TestBid>();
        for (var i = 1; i <= count; i++) bids.Add(await lot.SealAsync(new TestBidder(Authority, $"Bidder {i}"), i * 1_000_000L, files: files));
        return bids;
    }

    /// <summary>The lot after its deadline: ciphertexts in storage, notice and closing list heard, the opening started.</summary>
    public async Task<Opening> OpenAsync(TestLot lot, IReadOnlyList<TestBid> bids)
    {
        var opening = await CloseAsync(lot, bids);
        await StartAsync(lot);
        return opening;
    }

    public async Task StartAsync(TestLot lot)
    {
        if (Clock.GetUtcNow() < lot.Deadline) Clock.MoveTo(lot.Deadline);
        await StageAsync(lot, "opening");
    }

    public async Task<Opening> CloseAsync(TestLot lot, IReadOnlyList<TestBid> bids, bool noticeFirst = true)
    {
        var closed = new List<ClosedBid>();
        foreach (var bid in bids) closed.Add(await StoreAsync(bid));
        var hash = HexText.Sha256(CanonicalJson.Serialize(closed.Select(b => new { bidId = b.BidId, manifestHash = b.ManifestHash })));
        var list = new ClosingListDrawn(lot.TenderId, lot.LotId, hash, [.. closed], lot.Deadline);
        if (noticeFirst) await HearAsync(lot.Notice);
        await HearAsync(list);
        if (!noticeFirst) await HearAsync(lot.Notice);
        await EventuallyAsync(() => InDbAsync<BidOpeningDb, bool>(db => db.Sessions.AnyAsync(s => s.Id == lot.LotId && s.Notice != null && s.ClosingListHash != null)), "both facts");
        return new Opening(this, lot, [.. bids.Zip(closed, (bid, c) => new OpenedTestBid(bid, c))]);
    }

    public Task StageAsync(TestLot lot, string stage) => EventuallyAsync(async () => (await LookAsync(lot)).GetProperty("stage").GetString() == stage, stage);

    public Task<JsonElement> LookAsync(TestLot lot) => Public().GetFromJsonAsync<JsonElement>($"/api/bid-opening/lots/{lot.LotId}");

    private async Task<ClosedBid> StoreAsync(TestBid bid)
    {
        var (price, files) = ($"bids/{Guid.NewGuid()}", $"bids/{Guid.NewGuid()}");
        await Store.WriteAsync(price, new MemoryStream(bid.Price), long.MaxValue, default);
        await Store.WriteAsync(files, new MemoryStream(bid.Files), long.MaxValue, default);
        return new ClosedBid(Guid.CreateVersion7(), bid.Bidder.Id, bid.Bidder.Name, bid.Bidder.Code, bid.Manifest.Revision, bid.Manifest.Hash(), bid.Text, bid.Signature, price, files,
            "receipt", true, Clock.GetUtcNow());
    }
}

public sealed record OpenedTestBid(TestBid Sealed, ClosedBid Closed)
{
    public Guid Id => Closed.BidId;
}

/// <summary>A lot's opening as its custodians and bidders act on it.</summary>
public sealed record Opening(OpeningHost Host, TestLot Lot, IReadOnlyList<OpenedTestBid> Bids)
{
    private static readonly string[] RolesOfCustodians = [Roles.Agency, Roles.Centre, Roles.Supervisor];

    /// <summary>A person of custodian 1, 2 or 3.</summary>
    public HttpClient Custodian(int index) => Host.As(RolesOfCustodians[index - 1], Lot.CustodianIds[index - 1]);

    /// <summary>What custodian <paramref name="index"/> would rightly release.</summary>
    public List<ReleaseShares.Item> SharesOf(int index, params string[] parts) =>
        [.. from bid in Bids from part in parts.Length > 0 ? parts : [.. SealedPart.All] select new ReleaseShares.Item(bid.Id, part, Base64UrlText.Encode(BidOpener.OpenShare(bid.Sealed.Manifest, part, index, Lot.Custodians[index - 1])))];

    public Task<HttpResponseMessage> ReleaseAsync(int index, IEnumerable<ReleaseShares.Item> shares) => Custodian(index).PostAsync($"/api/bid-opening/lots/{Lot.LotId}/shares", new { shares });

    public async Task<ReleaseShares.Response> ReleasedAsync(int index, IEnumerable<ReleaseShares.Item>? shares = null)
    {
        var answer = await ReleaseAsync(index, shares ?? SharesOf(index));
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<ReleaseShares.Response>())!;
    }

    public Uri Path(string path) => new($"/api/bid-opening/lots/{Lot.LotId}/{path}", UriKind.Relative);

    public HttpClient Agency => Host.As(Roles.Agency, Lot.AgencyId);
    public HttpClient Bidder(int index) => Host.As(Roles.Bidder, Bids[index].Sealed.Bidder.Id);

    public Task<HttpResponseMessage> SignInAsync(HttpClient party) => party.PostAsync(Path("attendance").ToString(), new { });

    public async Task<HttpResponseMessage> SignAsync(HttpClient party, string? signature = null, string? hash = null) =>
        await party.PostAsync(Path("signatures").ToString(), new { announcedHash = hash ?? (await Host.LookAsync(Lot)).GetProperty("announcedHash").GetString(), signature });

    public Task<HttpResponseMessage> ObjectAsync(HttpClient bidder, string text) => bidder.PostAsync(Path("objections").ToString(), new { text });

    public async Task<JsonElement[]> EntriesAsync(int after = 0) => (await Host.Public().GetFromJsonAsync<JsonElement[]>(Path($"entries?after={after}")))!;

    /// <summary>Two custodians release everything.</summary>
    public async Task OpenAllAsync()
    {
        await ReleasedAsync(1);
        await ReleasedAsync(2);
    }

    public Task<HttpResponseMessage> RecoverAsync(OpenedTestBid bid, string? price, string? files, Guid? organisation = null) =>
        Host.As(Roles.Bidder, organisation ?? bid.Sealed.Bidder.Id).PostAsync($"/api/bid-opening/lots/{Lot.LotId}/bids/{bid.Id}/recovery", new { keys = new { price, files } });

    public static string RecoveredKey(OpenedTestBid bid, string part) => Base64UrlText.Encode(BidOpener.OpenRecoveryCopy(bid.Sealed.Manifest, part, bid.Sealed.Bidder.Recovery));

    public async Task<OpeningRecord> RecordAsync()
    {
        await Host.StageAsync(Lot, "completed");
        return OpeningRecord.Read(await Host.Public().GetStringAsync($"/api/bid-opening/lots/{Lot.LotId}/record"));
    }

    public async Task<IReadOnlyList<T>> EventsAsync<T>() where T : class, ITenderEvent =>
        [.. (await Host.PublishedAsync<T, BidOpeningDb>()).Where(e => e.TenderId == Lot.TenderId)];

    public Task<ListedBid> StoredAsync(OpenedTestBid bid) => Host.InDbAsync<BidOpeningDb, ListedBid>(db => db.Bids.SingleAsync(b => b.Id == bid.Id));

    public Task SettledAsync(OpenedTestBid bid) => ServiceFixture.EventuallyAsync(async () => await StoredAsync(bid) is { FilesStage: FilesStage.Opened, NextDueAt: null }, "an archive that is opened, with nothing left to do");

    public Task FilesAsync(OpenedTestBid bid, FilesStage stage) => ServiceFixture.EventuallyAsync(async () => (await StoredAsync(bid)).FilesStage == stage, $"an archive that is {stage}");
}
