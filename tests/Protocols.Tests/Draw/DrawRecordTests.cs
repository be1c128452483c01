namespace Tendering.Protocols.Tests;

public class DrawRecordTests
{
    private static readonly PoolEntry[] Pool = DrawFixture.Pool(40);
    private static readonly DrawRecord Good = DrawFixture.Record(Pool);

    [Fact]
    public void A_draw_that_was_done_right_has_no_findings()
    {
        Assert.Empty(ExpertDraw.Verify(Good));
        Assert.Empty(ExpertDraw.Verify(Good, Pool));
    }

    [Fact]
    public void A_draw_with_one_reveal_missing_holds_and_with_two_is_void()
    {
        Assert.Empty(ExpertDraw.Verify(DrawFixture.Record(Pool, missingReveals: 1)));
        Assert.Contains("draw.void", Codes(DrawFixture.Record(Pool, missingReveals: 2)));
    }

    [Fact]
    public void A_record_reads_back_and_still_holds()
        => Assert.Empty(ExpertDraw.Verify(CanonicalJson.Deserialize<DrawRecord>(Good.Canonical()), Pool));

    private static DrawParty First => Good.Parties[0];

    private static string OtherHash => HexText.Sha256("other"u8);

    public static TheoryData<string, DrawRecord> Forged => new()
    {
        { "draw.malformed", Good with { Parties = [null!, .. Good.Parties] } },
        { "draw.malformed", Good with { Sequence = [null!] } },
        { "draw.malformed", Good with { Skips = [null!] } },
        { "draw.version", Good with { Version = 2 } },
        { "draw.round", Good with { Round = 0 } },
        { "draw.vrf", Good with { Round = 2 } },
        { "draw.alpha", Good with { Round = 2 } },
        { "draw.alpha", Good with { Purpose = "another" } },
        { "draw.alpha", Good with { Tender = BidFixture.Lot } },
        { "draw.alpha", Good with { PoolHash = OtherHash } },
        { "draw.alpha", Good with { CheckpointRoot = OtherHash } },
        { "draw.alpha", Good with { Alpha = "00" } },
        { "draw.pool-hash", Good with { PoolHash = "names" } },
        { "draw.pool-size", Good with { PoolSize = 0 } },
        { "draw.sequence", Good with { PoolSize = 41 } },
        { "draw.requested", Good with { Requested = 41 } },
        { "draw.requested", Good with { Requested = 0 } },
        { "draw.taken", Good with { Requested = 4 } },
        { "draw.taken", Good with { Requested = 6 } },
        { "draw.checkpoint", Good with { CheckpointRoot = "" } },
        { "draw.vrf", Good with { VrfPublicKey = HexText.Encode(Ecvrf.PublicKey(Ecvrf.GeneratePrivateKey())) } },
        { "draw.vrf", Good with { VrfPublicKey = "" } },
        { "draw.vrf", Good with { Proof = DrawFixture.Record(Pool).Proof } },
        { "draw.reveal", Good with { Parties = [First with { Reveal = OtherHash }, .. Good.Parties.Skip(1)] } },
        { "draw.reveal", Good with { Parties = [First with { Commitment = OtherHash }, .. Good.Parties.Skip(1)] } },
        { "draw.reveal", Good with { Parties = [First with { Reveal = "" }, .. Good.Parties.Skip(1)] } },
        { "draw.parties", Good with { Parties = [First, First with { Name = "copier" }, Good.Parties[2]] } },
        { "draw.parties", Good with { Parties = [First, Good.Parties[1] with { Name = First.Name }, Good.Parties[2]] } },
        { "draw.sequence", Good with { Parties = [.. Good.Parties.Reverse()] } },
        { "draw.sequence", Good with { Parties = [First with { Reveal = null }, .. Good.Parties.Skip(1)] } },
        { "draw.sequence", Good with { Sequence = [.. Good.Sequence.Reverse()] } },
        { "draw.sequence", Good with { Sequence = [.. Good.Sequence.Skip(1)] } },
        { "draw.sequence", Good with { Sequence = [Good.Sequence[0] with { PoolNumber = (Good.Sequence[0].PoolNumber % 40) + 1 }, .. Good.Sequence.Skip(1)] } },
        { "draw.taken", Good with { Sequence = [.. Good.Sequence.Take(5)] } },
        { "draw.taken", Good with { Skips = [] } },
        { "draw.skips", Good with { Skips = [new DrawSkip(99, "declined")] } },
        { "draw.skips", Good with { Skips = [new DrawSkip(0, " ")] } },
        { "draw.skips", Good with { Skips = [new DrawSkip(0, "declined"), new DrawSkip(0, "declined")] } },
    };

    [Theory]
    [MemberData(nameof(Forged), DisableDiscoveryEnumeration = true)]
    public void A_forged_record_is_found_out(string code, DrawRecord record) => Assert.Contains(code, Codes(record));

    [Fact]
    public void Another_pool_than_the_frozen_one_is_found_out()
    {
        Assert.Contains(ExpertDraw.Verify(Good, DrawFixture.Pool(40)), finding => finding.Code == "draw.pool");
        Assert.Contains(ExpertDraw.Verify(Good, [.. Pool.Reverse()]), finding => finding.Code == "draw.pool");
        Assert.Contains(ExpertDraw.Verify(Good, Pool[..39]), finding => finding.Code == "draw.pool");
    }

    private static IEnumerable<string> Codes(DrawRecord record) => ExpertDraw.Verify(record).Select(finding => finding.Code);
}
