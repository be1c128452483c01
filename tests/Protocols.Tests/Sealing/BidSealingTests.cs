using System.Text;

namespace Tendering.Protocols.Tests;

public class BidSealingTests
{
    private readonly BidFixture fixture = new();

    [Theory]
    [InlineData(0)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(9_000_001)]
    public async Task Any_two_custodians_open_what_was_sealed(int length)
    {
        var files = Randomness.Seeded().Bytes(length);
        var bid = await fixture.SealAsync(files);
        foreach (var pair in new int[][] { [1, 2], [3, 1], [2, 3], [1, 2, 3] })
        {
            var price = await BidOpener.OpenAsync(bid.Manifest, SealedPart.Price, fixture.CekOf(bid.Manifest, SealedPart.Price, pair), bid.Price);
            Assert.Equal(fixture.Schedule, OpeningSchedule.Parse(price, bid.Manifest));
            Assert.Equal(files, await BidOpener.OpenAsync(bid.Manifest, SealedPart.Files, fixture.CekOf(bid.Manifest, SealedPart.Files, pair), bid.Files));
        }
    }

    [Fact]
    public async Task The_bidder_alone_opens_with_its_recovery_key()
    {
        var bid = await fixture.SealAsync();
        var cek = BidOpener.OpenRecoveryCopy(bid.Manifest, SealedPart.Price, fixture.Recovery);
        Assert.Equal(fixture.Schedule.Canonical(), await BidOpener.OpenAsync(bid.Manifest, SealedPart.Price, cek, bid.Price));
        Assert.Equal("opening.recovery-copy", Assert.Throws<OpeningException>(() => BidOpener.OpenRecoveryCopy(bid.Manifest, SealedPart.Price, fixture.Custodians[0])).Code);
    }

    [Fact]
    public async Task The_manifest_says_what_the_ciphertexts_are()
    {
        var bid = await fixture.SealAsync(new byte[5_000_000]);
        Assert.Equal(bid.Files.Length, bid.Manifest.Files.Length);
        Assert.Equal(BlockDigest.Of(bid.Files), bid.Manifest.Files.Digest);
        Assert.True(await BidOpener.CiphertextMatchesAsync(bid.Manifest, SealedPart.Files, new MemoryStream(bid.Files)));
        Assert.False(await BidOpener.CiphertextMatchesAsync(bid.Manifest, SealedPart.Files, new MemoryStream(bid.Files[..^1])));
        Assert.False(await BidOpener.CiphertextMatchesAsync(bid.Manifest, SealedPart.Files, new MemoryStream([.. bid.Files, 0])));
        bid.Files[4_999_000] ^= 1;
        Assert.False(await BidOpener.CiphertextMatchesAsync(bid.Manifest, SealedPart.Files, new MemoryStream(bid.Files)));
    }

    [Fact]
    public async Task Sealing_twice_gives_nothing_in_common()
    {
        var first = await fixture.SealAsync();
        var second = await fixture.SealAsync();
        Assert.NotEqual(first.Price, second.Price);
        Assert.NotEqual(first.Manifest.Price.Commitment, second.Manifest.Price.Commitment);
        Assert.NotEqual(first.Manifest.Price.Commitment, first.Manifest.Files.Commitment);
    }

    [Fact]
    public async Task One_share_opens_nothing()
    {
        var bid = await fixture.SealAsync();
        var share = BidOpener.OpenShare(bid.Manifest, SealedPart.Price, 1, fixture.Custodians[0]);
        Assert.Throws<ArgumentException>(() => BidOpener.RebuildKey([share]));
        Assert.False(BidOpener.CommitmentHolds(bid.Manifest, SealedPart.Price, share.AsSpan(1)));
        byte[] guessed = [2, .. new byte[32]];
        Assert.False(BidOpener.CommitmentHolds(bid.Manifest, SealedPart.Price, BidOpener.RebuildKey([share, guessed])));
    }

    [Fact]
    public async Task Any_flipped_bit_of_a_share_names_its_custodian()
    {
        var bid = await fixture.SealAsync();
        var share = BidOpener.OpenShare(bid.Manifest, SealedPart.Price, 2, fixture.Custodians[1]);
        Assert.True(BidOpener.ShareMatches(bid.Manifest, SealedPart.Price, 2, share));
        for (var bit = 0; bit < share.Length * 8; bit++)
        {
            var changed = share.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(BidOpener.ShareMatches(bid.Manifest, SealedPart.Price, 2, changed));
        }
    }

    [Fact]
    public async Task A_share_is_good_only_in_its_own_place()
    {
        var bid = await fixture.SealAsync();
        var share = BidOpener.OpenShare(bid.Manifest, SealedPart.Price, 2, fixture.Custodians[1]);
        Assert.False(BidOpener.ShareMatches(bid.Manifest, SealedPart.Files, 2, share));
        Assert.All(new[] { -1, 0, 1, 3, 4 }, index => Assert.False(BidOpener.ShareMatches(bid.Manifest, SealedPart.Price, index, share)));
        Assert.False(BidOpener.ShareMatches(bid.Manifest, SealedPart.Price, 2, []));
        Assert.Equal("opening.other-key", Assert.Throws<OpeningException>(() => BidOpener.OpenShare(bid.Manifest, SealedPart.Price, 1, fixture.Custodians[1])).Code);
    }

    [Fact]
    public async Task Any_flipped_bit_of_the_key_breaks_the_commitment()
    {
        var bid = await fixture.SealAsync();
        var cek = fixture.CekOf(bid.Manifest, SealedPart.Price, 1, 3);
        Assert.True(BidOpener.CommitmentHolds(bid.Manifest, SealedPart.Price, cek));
        for (var bit = 0; bit < 256; bit++)
        {
            var changed = cek.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(BidOpener.CommitmentHolds(bid.Manifest, SealedPart.Price, changed));
        }

        cek[0] ^= 1;
        Assert.Equal("opening.commitment", (await Assert.ThrowsAsync<OpeningException>(() => BidOpener.OpenAsync(bid.Manifest, SealedPart.Price, cek, bid.Price))).Code);
    }

    [Fact]
    public async Task Any_flipped_bit_of_the_price_ciphertext_is_noticed_at_the_opening()
    {
        var bid = await fixture.SealAsync();
        var cek = fixture.CekOf(bid.Manifest, SealedPart.Price, 1, 2);
        for (var bit = 0; bit < bid.Price.Length * 8; bit++)
        {
            var changed = bid.Price.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            await Assert.ThrowsAsync<StreamCipherException>(() => BidOpener.OpenAsync(bid.Manifest, SealedPart.Price, cek, changed));
            Assert.NotEqual(bid.Manifest.Price.Digest, BlockDigest.Of(changed));
        }
    }

    [Fact]
    public async Task A_bid_cannot_be_passed_off_as_anothers()
    {
        // A rival who copies ciphertext, shares and hashes into a manifest of its own gets no custodian to open it.
        var bid = await fixture.SealAsync();
        var copies = new[]
        {
            bid.Manifest with { Bidder = Guid.NewGuid() }, bid.Manifest with { Revision = 2 }, bid.Manifest with { Lot = Guid.NewGuid() }, bid.Manifest with { Tender = Guid.NewGuid() },
        };
        var cek = fixture.CekOf(bid.Manifest, SealedPart.Price, 1, 2);
        foreach (var copy in copies)
        {
            Assert.Equal(
                "opening.share-sealed-wrong",
                Assert.Throws<OpeningException>(() => BidOpener.OpenShare(copy, SealedPart.Price, 1, fixture.Custodians[0])).Code);
            await Assert.ThrowsAsync<StreamCipherException>(() => BidOpener.OpenAsync(copy, SealedPart.Price, cek, bid.Price));
        }
    }

    [Fact]
    public async Task A_share_sealed_wrongly_by_the_bidder_is_told_from_a_wrong_key()
    {
        var bid = await fixture.SealAsync();
        var info = SealingContext.ShareInfo(BidFixture.Tender, BidFixture.Lot, BidFixture.Bidder, 1, SealedPart.Price, 1);
        var other = Base64UrlText.Encode(Hpke.Seal(fixture.Custodians[0].PublicKeyBytes, info, [], new byte[33]));
        var price = bid.Manifest.Price with { SealedShares = [other, .. bid.Manifest.Price.SealedShares.Skip(1)] };
        var manifest = bid.Manifest with { Parts = [price, bid.Manifest.Files] };
        Assert.Equal("opening.share-differs", Assert.Throws<OpeningException>(() => BidOpener.OpenShare(manifest, SealedPart.Price, 1, fixture.Custodians[0])).Code);
    }

    [Fact]
    public async Task A_share_sealed_with_anothers_index_does_not_count_even_if_its_hash_is_in_the_manifest()
    {
        // Two custodians with one index could never be combined, and the second would look like the culprit.
        var bid = await fixture.SealAsync();
        var second = BidOpener.OpenShare(bid.Manifest, SealedPart.Price, 2, fixture.Custodians[1]);
        var price = bid.Manifest.Price with { ShareHashes = [HexText.Sha256(second), .. bid.Manifest.Price.ShareHashes.Skip(1)] };
        var manifest = bid.Manifest with { Parts = [price, bid.Manifest.Files] };
        Assert.False(BidOpener.ShareMatches(manifest, SealedPart.Price, 1, second));
        Assert.True(BidOpener.ShareMatches(manifest, SealedPart.Price, 2, second));
    }

    [Fact]
    public async Task A_request_that_no_manifest_allows_is_refused_before_anything_is_encrypted()
    {
        using var output = new MemoryStream();
        foreach (var request in new[]
        {
            fixture.Request with { Threshold = 1 }, fixture.Request with { Threshold = 4 }, fixture.Request with { CustodianKeys = ["x", "y"] },
            fixture.Request with { RecoveryPublicKey = "" }, fixture.Request with { CustodianKeys = [fixture.Request.CustodianKeys[0], fixture.Request.CustodianKeys[0]] },
            fixture.Request with { Revision = 0 }, fixture.Request with { Tender = Guid.Empty },
        })
        {
            await Assert.ThrowsAsync<ManifestException>(() => BidSealer.SealAsync(request, new MemoryStream([1]), output, new MemoryStream([2]), output));
            Assert.Equal(0, output.Length);
        }
    }

    [Fact]
    public async Task A_price_record_that_is_too_long_is_refused()
        => Assert.Equal(
            ManifestFault.Length,
            (await Assert.ThrowsAsync<ManifestException>(() => BidSealer.SealAsync(fixture.Request, new byte[65_537], []))).Code);

    [Fact]
    public void The_context_strings_are_what_a_stranger_would_write()
    {
        const string bid = "0198a000-0000-7000-8000-000000000001|0198a000-0000-7000-8000-000000000002|0198a000-0000-7000-8000-000000000003|7";
        var (t, l, b) = (BidFixture.Tender, BidFixture.Lot, BidFixture.Bidder);
        Assert.Equal($"tendering/v1/part|{bid}|price", Encoding.UTF8.GetString(SealingContext.Aad(t, l, b, 7, "price")));
        Assert.Equal($"tendering/v1/share|{bid}|files|3", Encoding.UTF8.GetString(SealingContext.ShareInfo(t, l, b, 7, "files", 3)));
        Assert.Equal($"tendering/v1/recovery|{bid}|files", Encoding.UTF8.GetString(SealingContext.RecoveryInfo(t, l, b, 7, "files")));
    }

    [Fact]
    public void Payload_key_and_commitment_are_what_HMAC_alone_gives()
    {
        // Computed outside this project by RFC 5869's two steps. Were the two alike, the published commitment would be the key.
        byte[] cek = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Assert.Equal("347ae1e74f4f169d85bafbfd52f470b578ae08b5821dc71aeeedef795e044c48", HexText.Encode(SealingContext.PayloadKey(cek)));
        Assert.Equal("03c0e37217b7f6c8a207f3a380e2431802288003f8250778fdb66a6f4cd02d4e", HexText.Encode(SealingContext.Commitment(cek)));
    }
}
