using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Features;
using Tendering.Contracts.Bidding;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Bidding.Tests;

/// <summary>What somebody may try before the deadline, each once for real.</summary>
public class AttackTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    [Fact]
    public async Task A_bid_copied_from_another_bidder_is_refused_as_it_stands_and_opens_to_nobody_under_another_name()
    {
        var lot = await host.LotAsync();
        var victim = await host.PrepareAsync(lot);
        await victim.SubmittedAsync();
        var thief = await host.RegisteredBidderAsync(lot, "Copy Ltd");
        var client = host.As(thief);
        // The other's manifest under one's own signature; then the other's ciphertext under a manifest of one's own.
        var signed = TestBid.Sign(thief, victim.Bid.Manifest, victim.Bid.Price, victim.Bid.Files);
        var (price, files) = (await BiddingHost.UploadAsync(client, lot, "price", signed.Price), await BiddingHost.UploadAsync(client, lot, "files", signed.Files));
        Assert.Equal("manifest-of-another-bid", (await (await new Prepared(client, lot, signed, price, files).SubmitAsync()).RefusalAsync()).Code);
        var renamed = TestBid.Sign(thief, victim.Bid.Manifest with { Bidder = thief.Id }, victim.Bid.Price, victim.Bid.Files);
        await new Prepared(client, lot, renamed, price, files).SubmittedAsync();
        // It is taken, being sealed and signed; but shares and ciphertext are bound to the bidder they were sealed for.
        Assert.ThrowsAny<Exception>(() => BidOpener.OpenShare(renamed.Manifest, SealedPart.Price, 1, lot.Custodians[0]));
        Assert.NotNull(BidOpener.OpenShare(victim.Bid.Manifest, SealedPart.Price, 1, lot.Custodians[0]));
    }

    [Fact]
    public async Task A_submission_that_is_replayed_brings_no_void_bid_back()
    {
        var lot = await host.LotAsync();
        var first = await host.PrepareAsync(lot);
        await first.SubmittedAsync();
        var second = await host.PrepareAsync(lot, first.Bid.Bidder, revision: 2);
        await second.SubmittedAsync();
        Assert.Equal("revision", (await (await first.SubmitAsync()).RefusalAsync()).Code);
        await second.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids/withdrawal", new { });
        foreach (var old in new[] { first, second }) Assert.Equal("revision", (await (await old.SubmitAsync()).RefusalAsync()).Code);
        await host.CloseAsync(lot);
        Assert.Empty(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
    }

    [Fact]
    public async Task A_manifest_for_another_lot_is_refused_there_even_with_uploads_of_its_own()
    {
        var (here, there) = (await host.LotAsync(), await host.LotAsync());
        var ready = await host.PrepareAsync(here);
        await ready.Client.PostAsync($"/api/bidding/lots/{there.LotId}/registrations", new { });
        var moved = ready with { Lot = there, Price = await BiddingHost.UploadAsync(ready.Client, there, "price", ready.Bid.Price), Files = await BiddingHost.UploadAsync(ready.Client, there, "files", ready.Bid.Files) };
        Assert.Equal("manifest-of-another-bid", (await (await moved.SubmitAsync()).RefusalAsync()).Code);
        // Nor do uploads for one lot serve another.
        var own = await there.SealAsync(ready.Bid.Bidder);
        Assert.Equal("incomplete-bid", (await (await new Prepared(ready.Client, there, own, ready.Price, ready.Files).SubmitAsync()).RefusalAsync()).Code);
    }

    [Fact]
    public async Task A_row_that_its_owner_edits_no_longer_matches_the_receipt_that_the_bidder_holds()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var taken = await ready.SubmittedAsync();
        await using (var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString))
        {
            await owner.OpenAsync();
            await using var edit = new NpgsqlCommand("alter table bid disable trigger bid_append_only; update bid set manifest = replace(manifest, '\"revision\":1', '\"revision\":7') where id = $1; alter table bid enable trigger bid_append_only".Replace("$1", $"'{taken.BidId}'", StringComparison.Ordinal), owner);
            await edit.ExecuteNonQueryAsync();
        }
        var jwk = (await host.Public().GetFromJsonAsync<ReceiptKey.Jwk>("/api/bidding/receipt-key"))!;
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Base64UrlText.Decode(jwk.X), Y = Base64UrlText.Decode(jwk.Y) } });
        var shown = (await ready.Client.GetFromJsonAsync<GetOwnReceipt.Response>($"/api/bidding/lots/{lot.LotId}/receipt"))!;
        Assert.NotEqual(Receipt.Verify(taken.Receipt, key)!.ManifestHash, HexText.Sha256(Encoding.UTF8.GetBytes(shown.Manifest)));
        await host.CloseAsync(lot);
        var listed = Assert.Single(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
        Assert.NotEqual(listed.ManifestHash, HexText.Sha256(Encoding.UTF8.GetBytes(listed.Manifest)));
    }

    [Fact]
    public async Task A_bid_of_zero_bytes_or_of_two_gibibytes_and_one_is_refused_as_upload_and_as_manifest()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var tooLong = StreamCipher.CiphertextLength(2L << 30) + 1;
        Assert.Equal(HttpStatusCode.BadRequest, (await BiddingHost.BeginAsync(ready.Client, lot, "files", 0)).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await BiddingHost.BeginAsync(ready.Client, lot, "files", tooLong)).StatusCode);
        foreach (var length in new[] { 0, StreamCipher.CiphertextLength(0) - 1, tooLong, long.MaxValue >> 11 })
        {
            var forged = ready.Bid.Manifest with { Parts = [ready.Bid.Manifest.Price, ready.Bid.Manifest.Files with { Length = length }] };
            var bid = TestBid.Sign(ready.Bid.Bidder, forged, ready.Bid.Price, ready.Bid.Files);
            Assert.Equal(("unsealed-bid", "A33"), await (await (ready with { Bid = bid }).SubmitAsync()).RefusalAsync() is var (code, rule, _) ? (code, rule) : default);
        }
        // Nothing, sealed, is a ciphertext like any other: what it holds is seen at the opening.
        await (await host.UploadAsync(lot, await lot.SealAsync(ready.Bid.Bidder, files: []))).SubmittedAsync();
    }

    [Fact]
    public async Task A_clock_that_is_moved_back_opens_nothing_again()
    {
        var lot = await host.LotAsync();
        var (early, late) = (await host.PrepareAsync(lot), await host.PrepareAsync(lot));
        var taken = await early.SubmittedAsync();
        await host.CloseAsync(lot);
        try
        {
            host.Clock.MoveTo(lot.Deadline.AddDays(-1));
            Assert.Equal(("late-bid", "A33"), await (await late.SubmitAsync()).RefusalAsync() is var (code, rule, _) ? (code, rule) : default);
            Assert.Equal("late-withdrawal", (await (await early.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids/withdrawal", new { })).RefusalAsync()).Code);
            Assert.Equal(taken.BidId, (await early.SubmittedAsync()).BidId);             // the same again is the same answer, and no new bid
        }
        finally { host.Clock.MoveTo(lot.Deadline); }
        Assert.Single(Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId).Bids);
    }

    [Fact]
    public async Task File_names_lead_nowhere()
    {
        var lot = await host.LotAsync();
        var bidder = await host.RegisteredBidderAsync(lot);
        var client = host.As(bidder);
        var name = Convert.ToBase64String(Encoding.UTF8.GetBytes("../../../../etc/cron.d/x"));
        var begun = await BiddingHost.SendAsync(client, HttpMethod.Post, $"lots/{lot.LotId}/uploads", null, ("Upload-Length", "3"), ("Upload-Metadata", $"filename {name},part {Convert.ToBase64String("files"u8)}"));
        var id = BiddingHost.IdOf(begun);
        await BiddingHost.PatchAsync(client, id, 0, [1, 2, 3]);
        Assert.True(File.Exists(Path.Combine(Path.GetTempPath(), "tendering-" + host.Run, "bids", id.ToString())));
        foreach (var path in new[] { $"uploads/..%2f{id}", "uploads/../receipt-key/x", $"uploads/{id}%00", "uploads/%2e%2e%2f%2e%2e%2fetc%2fpasswd" })
            Assert.True((await BiddingHost.SendAsync(client, HttpMethod.Head, path, null)).StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, path);
    }
}

/// <summary>Authorities by configuration, with their revocation list.</summary>
public class RevocationListTests
{
    [Fact]
    public async Task Only_configured_authorities_certificates_sign_and_none_that_is_on_their_list()
    {
        var folder = Directory.CreateTempSubdirectory("lists-").FullName;
        var authority = new TestAuthority();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "roots.pem"), authority.Pem);
            var lists = Directory.CreateDirectory(Path.Combine(folder, "lists")).FullName;
            var own = Path.Combine(lists, "own.crl");
            await File.WriteAllBytesAsync(own, authority.ListOf());
            await using var host = new BiddingHost
            {
                Authority = authority,
                Configure = c => c.AddInMemoryCollection(new Dictionary<string, string?> { ["Certificates:TrustedRoots"] = Path.Combine(folder, "roots.pem"), ["Certificates:RevocationLists"] = lists }),
            };
            await host.InitializeAsync();
            var lot = await host.LotAsync();
            var (good, revoked) = (await host.PrepareAsync(lot), await host.PrepareAsync(lot));
            var watch = host.Services.GetRequiredService<KeptFresh<TrustedAuthorities>>();
            Assert.True(watch.Read());
            await File.WriteAllBytesAsync(Path.Combine(lists, "others.crl"), new TestAuthority().ListOf(good.Bid.Bidder.Certificate));
            await File.WriteAllTextAsync(Path.Combine(lists, "nonsense.crl"), "no list");
            var whole = authority.ListOf(revoked.Bid.Bidder.Certificate);
            await File.WriteAllBytesAsync(own, whole);
            Assert.False(watch.Read());
            Assert.Equal(("certificate-revoked", "A33"), await (await revoked.SubmitAsync()).RefusalAsync() is var (code, rule, _) ? (code, rule) : default);
            await File.WriteAllBytesAsync(own, whole[..(whole.Length / 2)]);         // as its operator writes it anew
            Assert.False(watch.Read());
            Assert.Equal("certificate-revoked", (await (await revoked.SubmitAsync()).RefusalAsync()).Code);
            await good.SubmittedAsync();
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Fact]
    public async Task An_authority_without_a_list_is_refused_until_there_is_one_even_where_another_has_its_own()
    {
        var folder = Directory.CreateTempSubdirectory("lists-").FullName;
        var (authority, other) = (new TestAuthority(), new TestAuthority("CN=Another CA"));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "roots.pem"), authority.Pem + "\n" + other.Pem);
            var lists = Directory.CreateDirectory(Path.Combine(folder, "lists")).FullName;
            await File.WriteAllBytesAsync(Path.Combine(lists, "other.crl"), other.ListOf());
            await using var host = new BiddingHost
            {
                Authority = authority,
                Configure = c => c.AddInMemoryCollection(new Dictionary<string, string?> { ["Certificates:TrustedRoots"] = Path.Combine(folder, "roots.pem"), ["Certificates:RevocationLists"] = lists }),
            };
            await host.InitializeAsync();
            var ready = await host.PrepareAsync(await host.LotAsync());
            Assert.Equal(("revocation-unknown", "A33"), await (await ready.SubmitAsync()).RefusalAsync() is var (code, rule, _) ? (code, rule) : default);
            await File.WriteAllBytesAsync(Path.Combine(lists, "own.crl"), authority.ListOf());
            Assert.True(host.Services.GetRequiredService<KeptFresh<TrustedAuthorities>>().Read());
            await ready.SubmittedAsync();
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_one_whole_list_where_lists_are_configured_nothing_starts(bool isHalfWritten)
    {
        var folder = Directory.CreateTempSubdirectory("lists-").FullName;
        var authority = new TestAuthority();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "roots.pem"), authority.Pem);
            var lists = Directory.CreateDirectory(Path.Combine(folder, "lists")).FullName;
            if (isHalfWritten) await File.WriteAllBytesAsync(Path.Combine(lists, "own.crl"), authority.ListOf()[..50]);
            await using var host = new BiddingHost
            {
                Authority = authority,
                Configure = c => c.AddInMemoryCollection(new Dictionary<string, string?> { ["Certificates:TrustedRoots"] = Path.Combine(folder, "roots.pem"), ["Certificates:RevocationLists"] = lists }),
            };
            Assert.Contains("Certificates:RevocationLists", (await Assert.ThrowsAsync<InvalidOperationException>(() => host.InitializeAsync().AsTask())).Message, StringComparison.Ordinal);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
