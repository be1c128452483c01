using System.Text;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class BidManifestTests
{
    private readonly BidFixture fixture = new();

    [Fact]
    public async Task A_manifest_reads_back_from_its_canonical_bytes()
    {
        var manifest = (await fixture.SealAsync()).Manifest;
        var read = BidManifest.Parse(manifest.Canonical());
        Assert.Equal(manifest.Canonical(), read.Canonical());
        Assert.Equal(manifest.Hash(), read.Hash());
        Assert.Equal(HexText.Sha256(manifest.Canonical()), manifest.Hash());
    }

    [Fact]
    public async Task A_manifest_of_the_most_custodians_fits()
    {
        var keys = Enumerable.Range(0, BidManifest.CustodiansMax).Select(_ => CustodianKey.Generate().PublicKey).ToArray();
        var bid = await BidSealer.SealAsync(fixture.Request with { CustodianKeys = keys, Threshold = 9 }, [1], [2]);
        Assert.InRange(bid.Manifest.Canonical().Length, 1, BidManifest.BytesMax);
        BidManifest.Parse(bid.Manifest.Canonical());
    }

    [Fact]
    public async Task Any_flipped_bit_is_refused_or_gives_another_hash()
    {
        var manifest = (await fixture.SealAsync()).Manifest;
        var (bytes, hash) = (manifest.Canonical(), manifest.Hash());
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = bytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.NotEqual(hash, BidManifest.Parse(changed).Hash());
            }
            catch (ManifestException)
            {
                // Refused: noticed.
            }
        }
    }

    public static TheoryData<string, string> Spoiled => new()
    {
        { ManifestFault.Version, """{"version":2}""" },
        { ManifestFault.Suite, """{"suite":2}""" },
        { ManifestFault.Identity, """{"revision":0}""" },
        { ManifestFault.Identity, """{"tender":"00000000-0000-0000-0000-000000000000"}""" },
        { ManifestFault.Malformed, """{"tender":"0198A000-0000-7000-8000-000000000001"}""" },
        { ManifestFault.Malformed, """{"revision":"1"}""" },
        { ManifestFault.Malformed, """{"revision":1.5}""" },
        { ManifestFault.Malformed, """{"extra":1}""" },
        { ManifestFault.Malformed, """{"parts":null}""" },
        { ManifestFault.Malformed, """{"version":"1"}""" },
        { ManifestFault.Malformed, """{"version":null}""" },
        { ManifestFault.Threshold, """{"threshold":1}""" },
        { ManifestFault.Threshold, """{"threshold":4}""" },
        { ManifestFault.RecoveryKey, """{"recoveryKey":"AAAA"}""" },
        { ManifestFault.Custodians, """{"custodianKeys":[]}""" },
        { ManifestFault.Custodians, """{"custodianKeys":[null,null,null]}""" },
        { ManifestFault.Parts, """{"parts":[]}""" },
        { ManifestFault.Parts, """{"parts":[null,null]}""" },
    };

    [Theory]
    [MemberData(nameof(Spoiled))]
    public async Task A_spoiled_manifest_is_refused_with_its_code(string code, string patch)
        => AssertRefused(code, await Patched(manifest => Merge(manifest, patch)));

    public static TheoryData<string, string> SpoiledParts => new()
    {
        { ManifestFault.Parts, """{"name":"files"}""" },
        { ManifestFault.Parts, """{"name":"annex"}""" },
        { ManifestFault.Length, """{"length":22}""" },
        { ManifestFault.Length, """{"length":-1}""" },
        { ManifestFault.Length, """{"length":65575}""" },
        { ManifestFault.Length, """{"length":9007199254740992}""" },
        { ManifestFault.Hash, """{"digest":"ab"}""" },
        { ManifestFault.Hash, """{"commitment":"AB00000000000000000000000000000000000000000000000000000000000000"}""" },
        { ManifestFault.Shares, """{"shareHashes":[]}""" },
        { ManifestFault.Shares, """{"sealedShares":["AAAA","AAAA","AAAA"]}""" },
        { ManifestFault.Shares, """{"sealedShares":[null,null,null]}""" },
        { ManifestFault.RecoveryCopy, """{"sealedRecoveryCopy":"AAAA"}""" },
        { ManifestFault.Malformed, """{"extra":1}""" },
        { ManifestFault.Malformed, """{"digest":null}""" },
    };

    [Theory]
    [MemberData(nameof(SpoiledParts))]
    public async Task A_spoiled_part_is_refused_with_its_code(string code, string patch)
        => AssertRefused(code, await Patched(manifest => Merge(manifest["parts"]![0]!.AsObject(), patch)));

    [Fact]
    public async Task A_third_part_one_part_or_another_order_is_refused()
    {
        AssertRefused(ManifestFault.Parts, await Patched(manifest => manifest["parts"]!.AsArray().Add(manifest["parts"]![0]!.DeepClone())));
        AssertRefused(ManifestFault.Parts, await Patched(manifest => manifest["parts"]!.AsArray().RemoveAt(1)));
        AssertRefused(ManifestFault.Parts, await Patched(manifest =>
        {
            var parts = manifest["parts"]!.AsArray();
            var first = parts[0]!;
            parts.RemoveAt(0);
            parts.Add(first);
        }));
    }

    [Fact]
    public async Task Two_equal_custodians_and_a_missing_member_are_refused()
    {
        AssertRefused(ManifestFault.Custodians, await Patched(manifest => manifest["custodianKeys"]![1] = manifest["custodianKeys"]![0]!.DeepClone()));
        AssertRefused(ManifestFault.Malformed, await Patched(manifest => manifest.Remove("lot")));
        AssertRefused(ManifestFault.Malformed, await Patched(manifest => manifest.Remove("version")));
    }

    [Fact]
    public void A_later_version_or_suite_with_other_members_is_called_by_its_name()
    {
        AssertRefused(ManifestFault.Version, """{"novel":true,"version":2}"""u8.ToArray());
        AssertRefused(ManifestFault.Suite, """{"novel":true,"suite":2,"version":1}"""u8.ToArray());
    }

    [Fact]
    public async Task What_is_not_canonical_or_not_JSON_or_too_long_is_refused()
    {
        var bytes = (await fixture.SealAsync()).Manifest.Canonical();
        AssertRefused(ManifestFault.Malformed, [.. bytes, (byte)'\n']);
        AssertRefused(ManifestFault.Malformed, Encoding.UTF8.GetBytes("{ " + Encoding.UTF8.GetString(bytes)[1..]));
        AssertRefused(ManifestFault.Malformed, []);
        AssertRefused(ManifestFault.Malformed, "null"u8.ToArray());
        AssertRefused(ManifestFault.Malformed, "[]"u8.ToArray());
        AssertRefused(ManifestFault.Malformed, [0xff, 0xfe]);
        AssertRefused(ManifestFault.TooLong, new byte[BidManifest.BytesMax + 1]);
    }

    private static void AssertRefused(string code, byte[] bytes) => Assert.Equal(code, Assert.Throws<ManifestException>(() => BidManifest.Parse(bytes)).Code);

    private async Task<byte[]> Patched(Action<JsonObject> change)
    {
        var manifest = JsonNode.Parse((await fixture.SealAsync()).Manifest.Canonical())!.AsObject();
        change(manifest);
        return CanonicalJson.Canonicalize(manifest);
    }

    private static void Merge(JsonObject target, string patch)
    {
        foreach (var (name, value) in JsonNode.Parse(patch)!.AsObject())
        {
            target[name] = value?.DeepClone();
        }
    }
}
