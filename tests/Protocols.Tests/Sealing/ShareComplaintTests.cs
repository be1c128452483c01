using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

/// <summary>Who sealed wrongly is told by what anybody can check; a custodian cannot put its own failure on a bidder.</summary>
public class ShareComplaintTests
{
    private const int Index = 2;

    private static readonly CustodianKey[] Keys = [CustodianKey.Generate(), CustodianKey.Generate(), CustodianKey.Generate()];

    private static async Task<BidManifest> SealedAsync() => (await BidSealer.SealAsync(
        new SealingRequest(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, [.. Keys.Select(k => k.PublicKey)], 2, CustodianKey.Generate().PublicKey), "{}"u8.ToArray(), [1, 2, 3])).Manifest;

    // What custodian 2 finds sealed to it in the price part is this.
    private static BidManifest WithSealed(BidManifest manifest, byte[] box)
    {
        var shares = manifest.Price.SealedShares.ToArray();
        shares[Index - 1] = Base64UrlText.Encode(box);
        return manifest with { Parts = [manifest.Price with { SealedShares = shares }, manifest.Files] };
    }

    private static byte[] SealTo(CustodianKey key, BidManifest manifest, byte[] text) =>
        Hpke.Seal(key.PublicKeyBytes, SealingContext.ShareInfo(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, SealedPart.Price, Index), [], text);

    private static ComplaintVerdict Judge(BidManifest manifest, ShareComplaint? complaint, int index = Index, string part = SealedPart.Price) => ShareComplaint.Judge(manifest, part, index, complaint);

    [Fact]
    public async Task A_share_that_is_not_what_its_hash_names_is_proven_to_anybody()
    {
        var manifest = await SealedAsync();
        var random = Randomness.Seeded();
        foreach (var box in new[]
        {
            SealTo(Keys[1], manifest, [2, .. random.Bytes(32)]),                                                             // another share
            SealTo(Keys[0], manifest, [2, .. random.Bytes(32)]),                                                             // sealed to another key: it does not open
            [.. Base64UrlText.Decode(manifest.Price.SealedShares[1])[..^1], 0xFF ^ 0x5A],                                    // a broken tag
            Base64UrlText.Decode(manifest.Files.SealedShares[1]),                                                            // that of another part
        })
        {
            var spoilt = WithSealed(manifest, box);
            Assert.ThrowsAny<OpeningException>(() => BidOpener.OpenShare(spoilt, SealedPart.Price, Index, Keys[1]));
            Assert.Equal(ComplaintVerdict.Upheld, Judge(spoilt, ShareComplaint.Make(spoilt, SealedPart.Price, Index, Keys[1])));
        }
    }

    // What a complaint gives away: the decision that allows it (ADR 9) rests on this and on no more.
    [Fact]
    public async Task The_shared_point_opens_what_has_the_same_encapsulated_point_and_nothing_else()
    {
        var (victim, third) = (await SealedAsync(), await SealedAsync());
        var copied = Base64UrlText.Decode(victim.Price.SealedShares[Index - 1]);
        var thief = WithSealed(await SealedAsync(), copied);
        var complaint = ShareComplaint.Make(thief, SealedPart.Price, Index, Keys[1])!;
        Assert.Equal(ComplaintVerdict.Upheld, Judge(thief, complaint));
        byte[] OpenBy(BidManifest manifest, string part, byte[] box) => Hpke.Open(
            HexText.TryDecode(complaint.SharedPoint[2..], 32)!, Keys[1].PublicKeyBytes, SealingContext.ShareInfo(manifest.Tender, manifest.Lot, manifest.Bidder, manifest.Revision, part, Index), [], box);
        Assert.True(BidOpener.ShareMatches(victim, SealedPart.Price, Index, OpenBy(victim, SealedPart.Price, copied)));
        foreach (var (manifest, part) in new[] { (victim, SealedPart.Files), (third, SealedPart.Price), (third, SealedPart.Files) })
        {
            Assert.ThrowsAny<CryptographicException>(() => OpenBy(manifest, part, Base64UrlText.Decode(manifest.Part(part).SealedShares[Index - 1])));
        }
    }

    [Fact]
    public async Task A_good_share_is_no_ground_and_its_proof_shows_it()
    {
        var manifest = await SealedAsync();
        Assert.Equal(ComplaintVerdict.ShareIsGood, Judge(manifest, ShareComplaint.Make(manifest, SealedPart.Price, Index, Keys[1])));
    }

    [Fact]
    public async Task What_names_no_point_needs_no_proof()
    {
        var manifest = WithSealed(await SealedAsync(), RandomNumberGenerator.GetBytes(65 + 33 + 16));
        Assert.Null(ShareComplaint.Make(manifest, SealedPart.Price, Index, Keys[1]));
        Assert.Equal(ComplaintVerdict.Upheld, Judge(manifest, null));
        Assert.Equal(ComplaintVerdict.ProofWrong, Judge(await SealedAsync(), null));
    }

    // The custodian that lost its key, or will not release, tries to make a good share look wrong.
    [Fact]
    public async Task A_false_proof_convinces_nobody()
    {
        var manifest = await SealedAsync();
        var honest = ShareComplaint.Make(manifest, SealedPart.Price, Index, Keys[1])!;
        var other = CustodianKey.Generate();
        var e = P256Curve.Decompress(Compressed(Base64UrlText.Decode(manifest.Price.SealedShares[1]).AsSpan(0, 65)))!.Value;
        var wrongPoint = HexText.Encode(P256Curve.Compress(P256Curve.Multiply(12345, e)!.Value));
        var negated = HexText.Encode(P256Curve.Compress(P256Curve.Negate(P256Curve.Decompress(Convert.FromHexString(honest.SharedPoint))!.Value)));
        foreach (var complaint in new ShareComplaint?[]
        {
            ShareComplaint.Make(manifest, SealedPart.Price, Index, other), honest with { SharedPoint = wrongPoint }, honest with { SharedPoint = negated },
            honest with { SharedPoint = new string('0', 66) }, honest with { SharedPoint = "02" + new string('f', 64) }, honest with { SharedPoint = "" }, honest with { Proof = new string('0', 128) },
            honest with { Proof = honest.Proof[..64] + new string('f', 64) }, honest with { Proof = "" }, honest with { Proof = honest.Proof.ToUpperInvariant() + "" }, null,
        })
        {
            Assert.Equal(ComplaintVerdict.ProofWrong, Judge(manifest, complaint));
        }

        // A proof for one share says nothing of another one.
        Assert.Equal(ComplaintVerdict.ProofWrong, Judge(manifest, honest, part: SealedPart.Files));
        Assert.Equal(ComplaintVerdict.ProofWrong, Judge(manifest, honest, index: 1));
        Assert.Equal(ComplaintVerdict.ProofWrong, Judge(manifest with { Revision = 2 }, honest));
    }

    [Fact]
    public async Task No_bit_of_a_proof_can_be_changed()
    {
        var manifest = await SealedAsync();
        var honest = ShareComplaint.Make(manifest, SealedPart.Price, Index, Keys[1])!;
        var random = Randomness.Seeded();
        for (var i = 0; i < 8; i++)
        {
            var proof = Convert.FromHexString(honest.Proof);
            proof[random.Next(proof.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Equal(ComplaintVerdict.ProofWrong, Judge(manifest, honest with { Proof = HexText.Encode(proof) }));
        }
    }

    private static byte[] Compressed(ReadOnlySpan<byte> point) => [(byte)(2 | (point[^1] & 1)), .. point[1..33]];
}
