using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Features;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Identity;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Bidding.Tests.Features;

public class SubmitBidTests(BiddingHost host) : IClassFixture<BiddingHost>
{
    private static readonly (string?, string?, string?) Unsealed = ("unsealed-bid", "A33", "20号令26;20号令27");

    [Fact]
    public async Task A_sealed_bid_gets_a_signed_receipt_at_once_and_the_others_are_told_its_hash()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var taken = await ready.SubmittedAsync();

        var jwk = (await host.Public().GetFromJsonAsync<ReceiptKey.Jwk>("/api/bidding/receipt-key"))!;
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Base64UrlText.Decode(jwk.X), Y = Base64UrlText.Decode(jwk.Y) },
        });
        var claims = Receipt.Verify(taken.Receipt, key);
        Assert.Equal(new ReceiptClaims(taken.BidId, lot.TenderId, lot.LotId, ready.Bid.Bidder.Id, 1, ready.Bid.Manifest.Hash(), host.Clock.GetUtcNow()), claims);
        Assert.Equal(jwk.Kid, Jws.ReadHeader(taken.Receipt)!.Kid);
        var told = Assert.Single(await host.PublishedAsync<BidSubmitted, BiddingDb>(), e => e.BidId == taken.BidId);
        Assert.Equal((1, ready.Bid.Manifest.Hash()), (told.Revision, told.ManifestHash));

        var own = await ready.Client.GetFromJsonAsync<GetOwnReceipt.Response>($"/api/bidding/lots/{lot.LotId}/receipt");
        Assert.Equal((taken.Receipt, ready.Bid.Text, $"/api/supervision/bids/{taken.BidId}/proof"), (own!.Receipt, own.Manifest, own.Proof));
        Assert.Contains($"\"manifestHash\":\"{ready.Bid.Manifest.Hash()}\"", await ready.Client.GetStringAsync($"/api/bidding/lots/{lot.LotId}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_receipt_page_shows_the_signed_receipt_and_leads_to_its_proof_for_its_bidder_alone()
    {
        var lot = await host.LotAsync();
        var first = await host.PrepareAsync(lot);
        var path = $"/api/bidding/lots/{lot.LotId}/receipt.html";
        Assert.Equal(HttpStatusCode.NotFound, (await first.Client.GetAsync(path)).StatusCode);
        var one = await first.SubmittedAsync();
        var second = await host.PrepareAsync(lot, first.Bid.Bidder, revision: 2);
        var two = await second.SubmittedAsync();

        using var answer = await second.Client.GetAsync(path);
        Assert.Equal(("text/html", true), (answer.Content.Headers.ContentType?.MediaType, answer.Headers.CacheControl!.NoStore));
        var page = await answer.Content.ReadAsStringAsync();
        foreach (var text in new[] { two.Receipt, second.Bid.Manifest.Hash(), $"href=\"/api/supervision/bids/{two.BidId}/proof\"", "有效" }) Assert.Contains(text, page, StringComparison.Ordinal);
        var earlier = await second.Client.GetStringAsync(path + "?revision=1");
        foreach (var text in new[] { one.Receipt, "withdrawn or replaced" }) Assert.Contains(text, earlier, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await (await host.PrepareAsync(lot)).Client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task The_same_manifest_again_gets_the_same_receipt_also_when_it_comes_many_times_at_once()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ready.SubmittedAsync()));
        Assert.Single(answers.Distinct());
        Assert.Single(await host.PublishedAsync<BidSubmitted, BiddingDb>(), e => e.LotId == lot.LotId);
        host.Clock.MoveTo(lot.Deadline.AddMinutes(1));
        Assert.Equal(answers[0], await ready.SubmittedAsync());
    }

    [Fact]
    public async Task A_higher_revision_replaces_the_bid_and_the_earlier_one_stays_on_record()
    {
        var lot = await host.LotAsync();
        var first = await host.PrepareAsync(lot);
        var one = await first.SubmittedAsync();
        var two = await (await host.PrepareAsync(lot, first.Bid.Bidder, revision: 2)).SubmittedAsync();
        var told = Assert.Single(await host.PublishedAsync<BidReplaced, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal((two.BidId, one.BidId, 2), (told.BidId, told.ReplacedBidId, told.Revision));
        var closed = await ClosedListAsync(lot);
        Assert.Equal(two.BidId, Assert.Single(closed.Bids).BidId);
        Assert.Equal(2, await host.InDbAsync<BiddingDb, int>(db => db.Bids.CountAsync(b => b.LotId == lot.LotId)));
        Assert.Equal(one.Receipt, (await first.Client.GetFromJsonAsync<GetOwnReceipt.Response>($"/api/bidding/lots/{lot.LotId}/receipt?revision=1"))!.Receipt);
    }

    [Fact]
    public async Task A_withdrawn_bid_is_not_on_the_list_and_a_higher_revision_may_follow()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var taken = await ready.SubmittedAsync();
        var withdrawn = await ready.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids/withdrawal", new { });
        Assert.Equal(HttpStatusCode.OK, withdrawn.StatusCode);
        Assert.Equal(taken.BidId, Assert.Single(await host.PublishedAsync<BidWithdrawn, BiddingDb>(), e => e.LotId == lot.LotId).BidId);
        Assert.Equal("revision", (await (await ready.SubmitAsync()).RefusalAsync()).Code);      // its old receipt would say that it stands
        Assert.Equal("no-standing-bid", (await (await ready.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids/withdrawal", new { })).RefusalAsync()).Code);
        Assert.Equal("revision", (await (await (await host.PrepareAsync(lot, ready.Bid.Bidder, revision: 3)).SubmitAsync()).RefusalAsync()).Code);

        var again = await (await host.PrepareAsync(lot, ready.Bid.Bidder, revision: 2)).SubmittedAsync();
        Assert.Contains(await host.PublishedAsync<BidSubmitted, BiddingDb>(), e => e.BidId == again.BidId && e.Revision == 2);
        Assert.Equal(again.BidId, Assert.Single((await ClosedListAsync(lot)).Bids).BidId);
    }

    [Fact]
    public async Task A_bid_at_the_deadline_is_late_by_the_law()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        host.Clock.MoveTo(lot.Deadline);
        Assert.Equal(("late-bid", "A33", "20号令26;20号令27"), await (await ready.SubmitAsync()).RefusalAsync());
        var closed = await ClosedListAsync(lot);
        Assert.Empty(closed.Bids);
        Assert.Equal(("late-bid", "A33", "20号令26;20号令27"), await (await ready.SubmitAsync()).RefusalAsync());
    }

    [Fact]
    public async Task A_withdrawal_after_the_deadline_is_refused()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        await ready.SubmittedAsync();
        await host.CloseAsync(lot);
        Assert.Equal(("late-withdrawal", "A33"), Two(await (await ready.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids/withdrawal", new { })).RefusalAsync()));
    }

    [Fact]
    public async Task What_is_not_sealed_is_refused_with_the_rule()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        foreach (var text in new[] { "{\"price\":80000000}", "not json", ready.Bid.Text + " ", ready.Bid.Text.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal) })
            Assert.Equal(Unsealed, await (await (ready with { Bid = ready.Bid with { Text = text } }).SubmitAsync()).RefusalAsync());
    }

    [Fact]
    public async Task What_is_sealed_for_another_bidder_or_other_custodians_is_refused()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var bidder = ready.Bid.Bidder;

        var stranger = await host.RegisteredBidderAsync(lot, "Stranger Ltd");
        Assert.Equal(("manifest-of-another-bid", "A33"), Two(await (await (ready with { Client = host.As(stranger) }).SubmitAsync()).RefusalAsync()));
        var elsewhere = await host.LotAsync();
        Assert.Equal(("manifest-of-another-bid", "A33"), Two(await (await (ready with { Lot = elsewhere }).SubmitAsync()).RefusalAsync()));

        var keys = ready.Bid.Manifest.CustodianKeys;
        foreach (var request in new[] { lot.Request(bidder) with { CustodianKeys = [keys[1], keys[0], keys[2]] }, lot.Request(bidder) with { CustodianKeys = [keys[0], keys[1]] }, lot.Request(bidder) with { Threshold = 3 } })
        {
            var wrong = await BidSealer.SealAsync(request, lot.Schedule(bidder, 1).Canonical(), [1]);
            Assert.Equal(("custodian-keys", "A33"), Two(await (await (ready with { Bid = TestBid.Sign(bidder, wrong.Manifest, wrong.Price, wrong.Files) }).SubmitAsync()).RefusalAsync()));
        }
    }

    [Fact]
    public async Task An_unsigned_bid_is_refused_with_the_rule()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var other = await lot.SealAsync(ready.Bid.Bidder);
        foreach (var signature in new[] { null, "", "AAAA", "no base64!", other.Signature })
            Assert.Equal(("unsigned-bid", "A33"), Two(await (await (ready with { Bid = ready.Bid with { Signature = signature! } }).SubmitAsync()).RefusalAsync()));
    }

    [Fact]
    public async Task Only_a_trusted_valid_certificate_of_the_bidder_signs()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        string SignedBy(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) => Convert.ToBase64String(BidSignature.Sign(ready.Bid.Manifest, certificate));
        async Task<string?> CodeAsync(string signature) => (await (await (ready with { Bid = ready.Bid with { Signature = signature } }).SubmitAsync()).RefusalAsync()).Code;

        Assert.Equal("certificate-not-trusted", await CodeAsync(SignedBy(new TestAuthority().Issue("Bridges Ltd"))));
        Assert.Equal("certificate-unknown", await CodeAsync(SignedBy((await host.BidderAsync("Another")).Certificate)));
        var shortLived = host.Authority.Issue("Bridges Ltd", TestAuthority.NotBefore.AddDays(1));
        Assert.Equal("certificate-not-valid", await CodeAsync(SignedBy(shortLived)));
    }

    [Fact]
    public async Task A_revoked_certificate_signs_no_more_from_the_moment_the_revocation_is_heard()
    {
        var lot = await host.LotAsync();
        var first = await host.PrepareAsync(lot);
        await first.SubmittedAsync();
        var bidder = first.Bid.Bidder;
        await host.HearAsync(new CertificateRevoked(bidder.Id, "00" + bidder.Certificate.SerialNumber.ToLowerInvariant(), "key lost", host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync<BiddingDb, bool>(db => db.Revocations.AnyAsync(r => r.OrganisationId == bidder.Id)));
        Assert.Equal(("certificate-revoked", "A33"), Two(await (await (await host.PrepareAsync(lot, bidder, revision: 2)).SubmitAsync()).RefusalAsync()));
    }

    [Fact]
    public async Task A_bid_of_which_something_is_missing_is_refused_with_the_rule()
    {
        var lot = await host.LotAsync();
        var ready = await host.PrepareAsync(lot);
        var incomplete = ("incomplete-bid", "A33");
        Assert.Equal(incomplete, Two(await (await (ready with { Files = Guid.NewGuid() }).SubmitAsync()).RefusalAsync()));
        Assert.Equal(incomplete, Two(await (await (ready with { Files = ready.Price, Price = ready.Files }).SubmitAsync()).RefusalAsync()));
        var none = await ready.Client.PostAsync($"/api/bidding/lots/{lot.LotId}/bids", new { manifest = ready.Bid.Text, signature = ready.Bid.Signature });
        Assert.Equal(incomplete, Two(await none.RefusalAsync()));

        var stranger = await host.PrepareAsync(lot);
        Assert.Equal(incomplete, Two(await (await (ready with { Price = stranger.Price }).SubmitAsync()).RefusalAsync()));

        var half = BiddingHost.IdOf(await BiddingHost.BeginAsync(ready.Client, lot, "files", ready.Bid.Files.Length));
        Assert.Equal(incomplete, Two(await (await (ready with { Files = half }).SubmitAsync()).RefusalAsync()));

        var flipped = (byte[])ready.Bid.Files.Clone();
        flipped[^1] ^= 1;
        var other = await BiddingHost.UploadAsync(ready.Client, lot, "files", flipped);
        Assert.Equal(("content-differs", "A33"), Two(await (await (ready with { Files = other }).SubmitAsync()).RefusalAsync()));
        await ready.SubmittedAsync();
    }

    [Fact]
    public async Task Nobody_bids_without_being_registered()
    {
        var lot = await host.LotAsync();
        var bidder = await host.BidderAsync();
        var bid = await lot.SealAsync(bidder);
        Assert.Equal("not-registered", (await (await new Prepared(host.As(bidder), lot, bid, Guid.NewGuid(), Guid.NewGuid()).SubmitAsync()).RefusalAsync()).Code);
        Assert.Equal("not-registered", (await (await BiddingHost.BeginAsync(host.As(bidder), lot, "price", 5)).RefusalAsync()).Code);
    }

    [Fact]
    public async Task Stored_bids_can_neither_be_changed_nor_removed()
    {
        var lot = await host.LotAsync();
        await (await host.PrepareAsync(lot)).SubmittedAsync();
        foreach (var sql in new[] { "update bid set receipt = ''", "delete from bid", "truncate bid cascade", "delete from standing", "update registration set registered_at = now()" })
            await Assert.ThrowsAsync<PostgresException>(() => host.InDbAsync<BiddingDb, int>(db => db.Database.ExecuteSqlRawAsync(sql)));
        // The owner of the tables is not held by privileges, but by the trigger.
        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database }.ConnectionString);
        await owner.OpenAsync();
        foreach (var sql in new[] { "update bid set receipt = ''", "delete from bid", "truncate bid cascade" })
        {
            await using var command = new NpgsqlCommand(sql, owner);
            await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        }
    }

    private async Task<ClosingListDrawn> ClosedListAsync(TestLot lot)
    {
        var closing = await host.CloseAsync(lot);
        var list = Assert.Single(await host.PublishedAsync<ClosingListDrawn, BiddingDb>(), e => e.LotId == lot.LotId);
        Assert.Equal(closing.ClosingListHash, list.ClosingListHash);
        return list;
    }

    private static (string?, string?) Two((string? Code, string? Rule, string? Article) refusal) => (refusal.Code, refusal.Rule);
}
