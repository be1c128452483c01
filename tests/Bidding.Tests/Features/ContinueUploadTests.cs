using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Bidding.Features;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class ContinueUploadTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    [Fact]
    public async Task An_upload_comes_block_by_block_and_can_be_resumed_at_what_was_received()
    {
        var (lot, client) = await RegisteredAsync();
        var content = RandomNumberGenerator.GetBytes((2 * Upload.BlockMax) + 1000);
        var id = await BeginAsync(client, lot, content.Length);
        var first = await BiddingHost.PutAsync(client, id, 0, content.AsMemory(0, Upload.BlockMax));
        Assert.Equal(Upload.BlockMax.ToString(System.Globalization.CultureInfo.InvariantCulture), first.Headers.GetValues("Upload-Offset").Single());

        var repeated = await BiddingHost.PutAsync(client, id, 0, content.AsMemory(0, Upload.BlockMax));
        Assert.Equal(("offset", null, null), await repeated.RefusalAsync());
        Assert.Equal(first.Headers.GetValues("Upload-Offset"), repeated.Headers.GetValues("Upload-Offset"));
        Assert.Equal("offset", (await (await BiddingHost.PutAsync(client, id, 2 * Upload.BlockMax, content.AsMemory(2 * Upload.BlockMax))).RefusalAsync()).Code);
        var own = await client.GetFromJsonAsync<GetUpload.Response>($"/api/bidding/uploads/{id}");
        Assert.Equal((content.LongLength, (long)Upload.BlockMax), (own!.Length, own.Received));

        await BiddingHost.PutAsync(client, id, Upload.BlockMax, content.AsMemory(Upload.BlockMax, Upload.BlockMax));
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PutAsync(client, id, 2 * Upload.BlockMax, content.AsMemory(2 * Upload.BlockMax))).StatusCode);
        Assert.Equal(BlockDigest.Of(content), (await StoredAsync(id)).Digest);
        Assert.Equal(content, await ReadAsync(id));
    }

    [Fact]
    public async Task A_block_has_exactly_the_length_that_is_due()
    {
        var (lot, client) = await RegisteredAsync();
        var id = await BeginAsync(client, lot, Upload.BlockMax + 10);
        foreach (var length in new[] { 0, 5, Upload.BlockMax - 1 })
            Assert.Equal(HttpStatusCode.BadRequest, (await BiddingHost.PutAsync(client, id, 0, new byte[length])).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await BiddingHost.PutAsync(client, id, 0, new byte[Upload.BlockMax + 1])).StatusCode);
        await BiddingHost.PutAsync(client, id, 0, new byte[Upload.BlockMax]);
        foreach (var length in new[] { 9, 11 }) Assert.Equal(HttpStatusCode.BadRequest, (await BiddingHost.PutAsync(client, id, Upload.BlockMax, new byte[length])).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await BiddingHost.PutAsync(client, id, Upload.BlockMax, new byte[10])).StatusCode);
    }

    [Fact]
    public async Task Of_calls_at_one_offset_one_is_taken_and_its_bytes_are_whole()
    {
        var (lot, client) = await RegisteredAsync();
        var contents = Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetBytes(1_000_000)).ToArray();
        var id = await BeginAsync(client, lot, contents[0].Length);
        var answers = await Task.WhenAll(contents.Select(c => BiddingHost.PutAsync(client, id, 0, c)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        var stored = await ReadAsync(id);
        Assert.Contains(contents, c => c.AsSpan().SequenceEqual(stored));
        Assert.Equal(BlockDigest.Of(stored), (await StoredAsync(id)).Digest);
    }

    [Fact]
    public async Task What_is_too_long_or_no_part_is_refused()
    {
        var (lot, client) = await RegisteredAsync();
        async Task<HttpResponseMessage> TryAsync(string part, long length) => await client.PostAsync($"/api/bidding/lots/{lot.LotId}/uploads", new { part, length });
        Assert.Equal("content-too-long", (await (await TryAsync("price", StreamCipher.CiphertextLength(64 * 1024) + 1)).RefusalAsync()).Code);
        Assert.Equal("content-too-long", (await (await TryAsync("files", StreamCipher.CiphertextLength(2L << 30) + 1)).RefusalAsync()).Code);
        Assert.Equal(HttpStatusCode.Created, (await TryAsync("files", StreamCipher.CiphertextLength(2L << 30))).StatusCode);
        foreach (var (part, length) in new[] { ("else", 5L), ("price", 0L), ("price", -1L) }) Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(part, length)).StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_or_continues_anothers_upload_and_nothing_comes_after_the_deadline()
    {
        var (lot, client) = await RegisteredAsync();
        var id = await BeginAsync(client, lot, 10);
        var stranger = host.As(await host.RegisteredBidderAsync(lot, "Stranger"));
        Assert.Equal(HttpStatusCode.NotFound, (await BiddingHost.PutAsync(stranger, id, 0, new byte[10])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(new Uri($"/api/bidding/uploads/{id}", UriKind.Relative))).StatusCode);
        host.Clock.MoveTo(lot.Deadline);
        Assert.Equal("late-bid", (await (await BiddingHost.PutAsync(client, id, 0, new byte[10])).RefusalAsync()).Code);
    }

    private async Task<(TestLot, HttpClient)> RegisteredAsync()
    {
        var lot = await host.LotAsync();
        return (lot, host.As(await host.RegisteredBidderAsync(lot)));
    }

    private static async Task<Guid> BeginAsync(HttpClient client, TestLot lot, long length)
    {
        var begun = await client.PostAsync($"/api/bidding/lots/{lot.LotId}/uploads", new { part = "files", length });
        return (await begun.Content.ReadFromJsonAsync<BeginUpload.Response>())!.UploadId;
    }

    private Task<Upload> StoredAsync(Guid id) => host.InDbAsync<BiddingDb, Upload>(db => db.Uploads.SingleAsync(u => u.Id == id));

    private async Task<byte[]> ReadAsync(Guid id)
    {
        await using var stored = host.Services.GetRequiredService<IBlobStore>().OpenRead(Upload.KeyOf(id))!;
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        return copy.ToArray();
    }
}
