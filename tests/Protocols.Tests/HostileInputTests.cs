using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tendering.Protocols.Tests;

/// <summary>Whoever sends garbage gets the protocol's own refusal, never a fault of the program.</summary>
public class HostileInputTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public async Task Mangled_manifests_are_refused_as_manifests()
    {
        var good = (await new BidFixture().SealAsync()).Manifest.Canonical();
        Randomness.ForAnySeed(500, random => Refused<ManifestException>(() => BidManifest.Parse(Mangled(good, random))));
    }

    [Fact]
    public void Mangled_schedules_are_refused_as_schedules()
    {
        var good = new BidFixture().Schedule.Canonical();
        Randomness.ForAnySeed(500, random => Refused<ScheduleException>(() => OpeningSchedule.Parse(Mangled(good, random))));
    }

    [Fact]
    public void Mangled_JSON_is_refused_as_JSON()
    {
        var good = """{"a":[1,2.5,1e30,"é\ud83d\ude00\u0000",null,true],"b":{"c":{}}}"""u8.ToArray();
        Randomness.ForAnySeed(2000, random => Refused<JsonException>(() => CanonicalJson.Canonicalize(Mangled(good, random))));
    }

    [Fact]
    public async Task Mangled_signatures_are_never_good()
    {
        var manifest = (await new BidFixture().SealAsync()).Manifest;
        var good = BidSignature.Sign(manifest, Authority.Issue(), at: TestAuthority.Now);
        Randomness.ForAnySeed(1000, random =>
        {
            var mangled = Mangled(good, random);
            return mangled.AsSpan().SequenceEqual(good) || !BidSignature.Verify(manifest, mangled, [Authority.Root], TestAuthority.Now).IsGood;
        });
    }

    [Fact]
    public void Mangled_receipts_are_never_good()
    {
        var good = Encoding.Latin1.GetBytes(Receipt.Sign(
            new ReceiptClaims(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, HexText.Sha256([]), TestAuthority.Now), Key, "k1"));
        Randomness.ForAnySeed(1000, random =>
        {
            var mangled = Mangled(good, random);
            return mangled.AsSpan().SequenceEqual(good) || Receipt.Verify(Encoding.Latin1.GetString(mangled), Key) is null;
        });
    }

    [Fact]
    public void Mangled_notes_proofs_requests_and_policies_are_refused_as_such()
    {
        var log = NoteSigner.ForLog("example.com/log", Key);
        var leaves = Enumerable.Range(0, 9).Select(i => MerkleTree.LeafHash([(byte)i])).ToArray();
        var note = Checkpoint.Of("example.com/log", 9, MerkleTree.Root(leaves)).Sign(log);
        var proof = new TlogProof(3, MerkleTree.InclusionProof(3, leaves), note, [1, 2]);
        var request = new WitnessRequest(4, MerkleTree.ConsistencyProof(4, leaves), note).ToBytes();
        var policy = Encoding.UTF8.GetBytes($"log {log.Key}\nwitness w {NoteKey.OfWitness("w", Key)}\ngroup g 1 w\nquorum g\n");
        Randomness.ForAnySeed(1000, random => Refused<LogFormatException>(() => Checkpoint.Open(SignedNote.Parse(Mangled(note.ToBytes(), random)), log.Key)));
        Randomness.ForAnySeed(1000, random => Refused<LogFormatException>(() => TlogProof.Parse(Encoding.UTF8.GetString(Mangled(Encoding.UTF8.GetBytes(proof.ToString()), random))).Includes(leaves[3])));
        Randomness.ForAnySeed(1000, random => Refused<LogFormatException>(() => WitnessRequest.Parse(Mangled(request, random))));
        Randomness.ForAnySeed(1000, random => Refused<LogFormatException>(() => LogPolicy.Parse(Encoding.UTF8.GetString(Mangled(policy, random))).Check(note)));
        Randomness.ForAnySeed(1000, random => Refused<LogFormatException>(() => EntryBundle.Decode(Mangled(EntryBundle.Encode(leaves), random), 9)));
    }

    [Fact]
    public void A_mangled_checkpoint_never_opens_as_another()
    {
        var log = NoteSigner.ForLog("example.com/log", Key);
        var note = Checkpoint.Of("example.com/log", 9, MerkleTree.EmptyRoot).Sign(log);
        Randomness.ForAnySeed(1000, random =>
        {
            try
            {
                return Checkpoint.Open(SignedNote.Parse(Mangled(note.ToBytes(), random)), log.Key).Text == note.Text;
            }
            catch (LogFormatException)
            {
                return true;
            }
        });
    }

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"version":1,"suite":1,"lot":"\ud800"}""")]
    [InlineData("""{"version":1e2}""")]
    [InlineData("""{"version":99999999999}""")]
    public void Ill_formed_text_in_a_manifest_is_malformed(string json)
        => Assert.Equal(ManifestFault.Malformed, Assert.Throws<ManifestException>(() => BidManifest.Parse(Encoding.UTF8.GetBytes(json))).Code);

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"remarks":"\ud800"}""")]
    public void Ill_formed_text_in_a_schedule_is_malformed(string json)
        => Assert.Equal(ScheduleFault.Malformed, Assert.Throws<ScheduleException>(() => OpeningSchedule.Parse(Encoding.UTF8.GetBytes(json))).Code);

    // Some manglings hit nothing that matters; what counts is that no other exception comes out.
    private static bool Refused<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
            return true;
        }
        catch (T)
        {
            return true;
        }
    }

    private static byte[] Mangled(byte[] good, Random random)
    {
        var bytes = good.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at - 1, random.Next(1, 30)));
                    break;
                default:
                    bytes.InsertRange(at, bytes.Slice(at, Math.Min(bytes.Count - at, random.Next(1, 30))));
                    break;
            }
        }

        return [.. bytes];
    }
}
