using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tendering.Bidding.Data;
using Tendering.Bidding.Features;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests;

public sealed class BiddingHost : ServiceFixture
{
    public BiddingHost() : this(_ => { }) { }

    /// <summary>The service with something in it replaced.</summary>
    internal BiddingHost(Action<WebApplicationBuilder> replace) : base(BiddingService.Name, builder => { BiddingService.Add(builder); replace(builder); }, BiddingService.Map) { }

    public TestAuthority Authority { get; init; } = new();

    /// <summary>A lot that is published here, with its deadline in two days.</summary>
    public async Task<TestLot> LotAsync()
    {
        var lot = new TestLot { Deadline = Clock.GetUtcNow().AddDays(2) };
        await HearAsync(lot.Notice);
        await EventuallyAsync(() => InDbAsync<BiddingDb, bool>(async db => await db.Lots.FindAsync(lot.LotId) is not null), "the lot");
        return lot;
    }

    /// <summary>A bidder that is known here with its certificate.</summary>
    public async Task<TestBidder> BidderAsync(string name = "Bridges Ltd")
    {
        var bidder = new TestBidder(Authority, name);
        await HearAsync(bidder.Registered);
        await HearAsync(bidder.Issued);
        await EventuallyAsync(() => InDbAsync<BiddingDb, bool>(async db => await db.Organisations.FindAsync(bidder.Id) is not null
            && await db.Certificates.FindAsync(SigningCertificate.ThumbprintOf(bidder.Certificate)) is not null), "the bidder");
        return bidder;
    }

    public HttpClient As(TestBidder bidder) => As(Roles.Bidder, bidder.Id);

    public async Task<TestBidder> RegisteredBidderAsync(TestLot lot, string name = "Bridges Ltd")
    {
        var bidder = await BidderAsync(name);
        Assert.Equal(HttpStatusCode.Created, (await As(bidder).PostAsync($"/api/bidding/lots/{lot.LotId}/registrations", new { })).StatusCode);
        return bidder;
    }

    public static async Task<Guid> UploadAsync(HttpClient client, TestLot lot, string part, byte[] content)
    {
        var upload = IdOf(await BeginAsync(client, lot, part, content.Length));
        Assert.Equal(HttpStatusCode.NoContent, (await PatchAsync(client, upload, 0, content)).StatusCode);
        return upload;
    }

    public static Task<HttpResponseMessage> BeginAsync(HttpClient client, TestLot lot, string part, long length) => SendAsync(client, HttpMethod.Post, $"lots/{lot.LotId}/uploads", null,
        ("Upload-Length", length.ToString(CultureInfo.InvariantCulture)), ("Upload-Metadata", "part " + Convert.ToBase64String(Encoding.UTF8.GetBytes(part))));

    public static Guid IdOf(HttpResponseMessage begun)
    {
        Assert.Equal(HttpStatusCode.Created, begun.StatusCode);
        return Guid.Parse(begun.Headers.Location!.ToString().Split('/')[^1]);
    }

    public static Task<HttpResponseMessage> PatchAsync(HttpClient client, Guid upload, long offset, byte[] content, params (string, string)[] headers) =>
        PatchAsync(client, upload, offset, new ByteArrayContent(content), headers);

    public static Task<HttpResponseMessage> PatchAsync(HttpClient client, Guid upload, long offset, HttpContent content, params (string, string)[] headers)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(Tus.Content);
        return SendAsync(client, HttpMethod.Patch, $"uploads/{upload}", content, [("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture)), .. headers]);
    }

    public static Task<HttpResponseMessage> HeadAsync(HttpClient client, Guid upload) => SendAsync(client, HttpMethod.Head, $"uploads/{upload}", null);

    public static async Task<long> OffsetAsync(HttpClient client, Guid upload) => long.Parse((await HeadAsync(client, upload)).Headers.GetValues("Upload-Offset").Single(), CultureInfo.InvariantCulture);

    public static Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri($"/api/bidding/{path}", UriKind.Relative)) { Content = content };
        if (!headers.Any(h => h.Name == "Tus-Resumable")) request.Headers.Add("Tus-Resumable", "1.0.0");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(request);
    }

    public async Task<Prepared> UploadAsync(TestLot lot, TestBid bid)
    {
        var client = As(bid.Bidder);
        return new Prepared(client, lot, bid, await UploadAsync(client, lot, "price", bid.Price), await UploadAsync(client, lot, "files", bid.Files));
    }

    public async Task<Prepared> PrepareAsync(TestLot lot, TestBidder? bidder = null, int revision = 1) =>
        await UploadAsync(lot, await lot.SealAsync(bidder ?? await RegisteredBidderAsync(lot), revision: revision));

    /// <summary>Lets the deadline pass and waits for the closing.</summary>
    public async Task<GetClosing.Response> CloseAsync(TestLot lot)
    {
        if (Clock.GetUtcNow() < lot.Deadline) Clock.MoveTo(lot.Deadline);
        await EventuallyAsync(async () => (await Public().GetAsync(new Uri($"/api/bidding/lots/{lot.LotId}/closing", UriKind.Relative))).StatusCode == HttpStatusCode.OK, "the closing");
        return (await Public().GetFromJsonAsync<GetClosing.Response>($"/api/bidding/lots/{lot.LotId}/closing"))!;
    }

    /// <summary>The service's own loop for due moments, to be run by hand where a test needs the exact moment.</summary>
    public Task<bool> CloseOneNowAsync() => Services.GetServices<IHostedService>().OfType<DueLoop<BiddingDb>>().Single()
        .HandleOneAsync(new Due<BiddingDb>("lot", CloseBiddingAtDeadline.Handle), default);
}

/// <summary>A bid that is uploaded and ready to be submitted.</summary>
public sealed record Prepared(HttpClient Client, TestLot Lot, TestBid Bid, Guid Price, Guid Files)
{
    public Task<HttpResponseMessage> SubmitAsync() => Client.PostAsync($"/api/bidding/lots/{Lot.LotId}/bids",
        new { manifest = Bid.Text, signature = Bid.Signature, priceUpload = Price, filesUpload = Files });

    public async Task<SubmitBid.Response> SubmittedAsync()
    {
        var answer = await SubmitAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<SubmitBid.Response>())!;
    }
}

public static class Problems
{
    /// <summary>Code, rule and article of a refusal.</summary>
    public static async Task<(string? Code, string? Rule, string? Article)> RefusalAsync(this HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (Text(problem, "code"), Text(problem, "rule"), Text(problem, "article"));
    }

    private static string? Text(JsonElement problem, string name) => problem.TryGetProperty(name, out var value) ? value.GetString() : null;
}
