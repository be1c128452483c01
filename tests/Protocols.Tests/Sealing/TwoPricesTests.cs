using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

/// <summary>
/// AES-GCM does not commit to its key: whoever chooses two keys can make one ciphertext that both open, each to another text, with a right tag each time. A bidder
/// could so decide after the deadline which of two prices it had bid. The commitment in the manifest stands in the way.
/// </summary>
public sealed class TwoPricesTests
{
    private readonly BidFixture fixture = new();

    [Fact]
    public async Task One_ciphertext_that_two_keys_open_has_one_price_all_the_same()
    {
        var random = Randomness.Seeded();
        byte[] first = random.Bytes(32), second = random.Bytes(32);
        var aad = SealingContext.Aad(BidFixture.Tender, BidFixture.Lot, BidFixture.Bidder, 1, SealedPart.Price);
        var cipher = OpenableByBoth(SealingContext.PayloadKey(first), SealingContext.PayloadKey(second), aad, random.Bytes(7), random.Bytes(160));

        // The cipher alone takes both keys.
        var (one, other) = (Decrypt(cipher, first, aad), Decrypt(cipher, second, aad));
        Assert.Equal(160, one.Length);
        Assert.NotEqual(one, other);

        // A manifest commits to one of them, and whichever it is, the other opens nothing.
        foreach (var (committed, hidden) in new[] { (first, second), (second, first) })
        {
            var manifest = await ManifestAsync(cipher, committed);
            Assert.True(await BidOpener.CiphertextMatchesAsync(manifest, SealedPart.Price, new MemoryStream(cipher)));
            Assert.Equal(Decrypt(cipher, committed, aad), await BidOpener.OpenAsync(manifest, SealedPart.Price, committed, cipher));
            var refused = await Assert.ThrowsAsync<OpeningException>(() => BidOpener.OpenAsync(manifest, SealedPart.Price, hidden, cipher));
            Assert.Equal("opening.commitment", refused.Code);
        }
    }

    [Fact]
    public async Task Shares_and_recovery_copy_of_two_keys_open_with_one_of_them_at_most()
    {
        var (bid, other) = (await fixture.SealAsync(), await fixture.SealAsync());
        var two = bid.Manifest with { Parts = [bid.Manifest.Price with { SealedRecoveryCopy = other.Manifest.Price.SealedRecoveryCopy }, bid.Manifest.Files] };
        Assert.True(BidOpener.CommitmentHolds(two, SealedPart.Price, fixture.CekOf(two, SealedPart.Price, 1, 2)));
        Assert.Equal("opening.commitment", Assert.Throws<OpeningException>(() => BidOpener.OpenRecoveryCopy(two, SealedPart.Price, fixture.Recovery)).Code);
    }

    private async Task<BidManifest> ManifestAsync(byte[] cipher, byte[] cek)
    {
        var bid = await fixture.SealAsync();
        var price = bid.Manifest.Price with { Length = cipher.Length, Digest = BlockDigest.Of(cipher), Commitment = HexText.Encode(SealingContext.Commitment(cek)) };
        return BidManifest.Parse((bid.Manifest with { Parts = [price, bid.Manifest.Files] }).Canonical());
    }

    private static byte[] Decrypt(byte[] cipher, byte[] cek, byte[] aad)
    {
        using var plain = new MemoryStream();
        StreamCipher.Decrypt(new MemoryStream(cipher), plain, SealingContext.PayloadKey(cek), aad);
        return plain.ToArray();
    }

    // One chunk. All blocks of the text are given but the last, which is solved for: the two tags are linear in it over GF(2^128).
    private static byte[] OpenableByBoth(byte[] one, byte[] two, byte[] aad, byte[] prefix, byte[] text)
    {
        byte[] nonce = [.. prefix, 0, 0, 0, 0, 1];
        text.AsSpan(^16).Clear();
        var (h1, h2) = (Block(Aes(one, new byte[16])), Block(Aes(two, new byte[16])));
        var difference = GHash(h1, aad, text) ^ Mask(one, nonce) ^ GHash(h2, aad, text) ^ Mask(two, nonce);

        // The last block of text is multiplied by H twice: once for itself, once for the block of lengths that follows.
        var factor = Multiply(h1, h1) ^ Multiply(h2, h2);
        BinaryPrimitives.WriteUInt128BigEndian(text.AsSpan(^16), Multiply(difference, Inverse(factor)));
        var tag = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(tag, GHash(h1, aad, text) ^ Mask(one, nonce));
        return [.. prefix, .. text, .. tag];
    }

    private static UInt128 Mask(byte[] key, byte[] nonce) => Block(Aes(key, [.. nonce, 0, 0, 0, 1]));

    private static UInt128 GHash(UInt128 h, byte[] aad, byte[] text)
    {
        byte[] padded = [.. aad, .. new byte[(16 - (aad.Length % 16)) % 16], .. text];
        UInt128 y = 0;
        for (var at = 0; at < padded.Length; at += 16)
        {
            y = Multiply(y ^ Block(padded.AsSpan(at, 16)), h);
        }

        return Multiply(y ^ (((UInt128)(ulong)(8 * aad.Length) << 64) | (ulong)(8 * text.Length)), h);
    }

    // GCM counts bits from the left: the highest bit is x^0, and x^128 is 1 + x + x^2 + x^7.
    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 z = 0;
        for (var bit = 127; bit >= 0; bit--)
        {
            z ^= ((x >> bit) & 1) == 1 ? y : 0;
            y = (y & 1) == 1 ? (y >> 1) ^ ((UInt128)0xE1 << 120) : y >> 1;
        }

        return z;
    }

    // x^(2^128 - 2)
    private static UInt128 Inverse(UInt128 x)
    {
        var result = (UInt128)1 << 127;
        for (var i = 0; i < 127; i++)
        {
            x = Multiply(x, x);
            result = Multiply(result, x);
        }

        return result;
    }

    private static UInt128 Block(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);

    private static byte[] Aes(byte[] key, byte[] block)
    {
        using var aes = System.Security.Cryptography.Aes.Create();
        aes.Key = key;
        return aes.EncryptEcb(block, PaddingMode.None);
    }
}
