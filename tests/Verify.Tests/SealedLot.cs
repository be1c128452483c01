using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

/// <summary>A lot with sealed bids and their opening record, as bid-opening writes it.</summary>
internal sealed class SealedLot
{
    public static readonly Guid Tender = new("0198a000-0000-7000-8000-000000000001"), Lot = new("0198a000-0000-7000-8000-000000000002");
    private static readonly DateTimeOffset At = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private readonly ECDsa _authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private SealedLot()
    {
        var request = new CertificateRequest("CN=Test CA", _authority, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Root = request.CreateSelfSigned(At.AddYears(-1), At.AddYears(9));
    }

    public X509Certificate2 Root { get; }
    public ECDsa ReceiptKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public OpeningRecord Record { get; private set; } = null!;
    public List<Bid> Bids { get; } = [];
    public Dictionary<Guid, X509Certificate2> Certificates { get; } = [];

    public sealed record Bid(Guid Id, Guid Bidder, BidManifest Manifest, byte[] Cipher, byte[] Key, byte[] Signature, string Receipt, OpeningSchedule Schedule)
    {
        /// <summary>What the platform answers to who asks for the bid's proof.</summary>
        public byte[] Proof => JsonSerializer.SerializeToUtf8Bytes(new
        {
            bidId = Id, manifest = Encoding.UTF8.GetString(Manifest.Canonical()), signature = Convert.ToBase64String(Signature), receipt = Receipt, priceCiphertext = Convert.ToBase64String(Cipher), priceKey = Base64UrlText.Encode(Key),
        });
    }

    public static Task<SealedLot> SealAsync(params long[] prices) => SealAsync(schedule => schedule.Canonical(), false, prices);

    /// <param name="write">What a bidder seals as its schedule.</param>
    /// <param name="broken">The bidder breaks each ciphertext and commits to the broken one.</param>
    public static async Task<SealedLot> SealAsync(Func<OpeningSchedule, byte[]> write, bool broken, params long[] prices)
    {
        var lot = new SealedLot();
        var custodians = Enumerable.Range(0, 3).Select(_ => CustodianKey.Generate()).ToArray();
        foreach (var (price, i) in prices.Select((price, i) => (price, i)))
        {
            var (id, bidder) = (new Guid(i + 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2), new Guid(i + 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3));
            var schedule = new OpeningSchedule("1", Tender, Lot, bidder, 1, price, "CNY", 180, "王工", null);
            var sealedBid = await BidSealer.SealAsync(new SealingRequest(Tender, Lot, bidder, 1, [.. custodians.Select(key => key.PublicKey)], 2, CustodianKey.Generate().PublicKey), write(schedule), [1, 2, 3]);
            var (manifest, cipher) = (sealedBid.Manifest, sealedBid.Price);
            if (broken)
            {
                cipher[^1] ^= 1;
                manifest = manifest with { Parts = [manifest.Price with { Digest = BlockDigest.Of(cipher) }, manifest.Files] };
            }
            var key = BidOpener.RebuildKey(new[] { 1, 2 }.Select(index => BidOpener.OpenShare(manifest, "price", index, custodians[index - 1])));
            lot.Bids.Add(new Bid(id, bidder, manifest, cipher, key, BidSignature.Sign(manifest, lot.Certificates[bidder] = lot.Certificate(), at: At), Receipt.Sign(new ReceiptClaims(id, Tender, Lot, bidder, 1, manifest.Hash(), At.AddMinutes(i)), lot.ReceiptKey, "k"), schedule));
        }
        lot.Record = lot.Draw();
        return lot;
    }

    /// <summary>The record with a draw of coefficients, as it is announced.</summary>
    public OpeningRecord Announce(byte[] vrfKey, params CandidateValues[] coefficients)
    {
        var alpha = CoefficientDraw.AlphaOf(Tender, Lot, Record.ClosingListHash);
        var draw = new CoefficientDraw(HexText.Encode(Ecvrf.PublicKey(vrfKey)), HexText.Encode(alpha), HexText.Encode(Ecvrf.Prove(vrfKey, alpha)), [.. Bids.Select((bid, i) => new KeyInput(i + 1, bid.Id, Base64UrlText.Encode(bid.Key)))],
            [.. coefficients.Select(c => new DrawnValue(c.Name, c.Values, 1, ""))], Text(At.AddHours(1)));
        return Record with { Complaints = [], Coefficients = draw with { Drawn = draw.Repeat(Tender, Lot, Record.ClosingListHash)! } };
    }

    /// <summary>The first bidder signs with its certificate, the second by session, the third is silent; the second objects.</summary>
    public static OpeningRecord Conclude(OpeningRecord announced, SealedLot lot, Func<RecordedClosing, RecordedClosing>? change = null)
    {
        var bytes = Encoding.UTF8.GetBytes(announced.Canonical());
        RecordedParty Party(int i, string? way, string? signature) => new("bidder", lot.Bids[i].Bidder, $"bidder {i}", Text(At.AddHours(1)), way is null ? null : Text(At.AddHours(2)), way, signature);
        var closing = new RecordedClosing(HexText.Sha256(bytes), Text(At.AddHours(3)), Text(At.AddHours(3)),
            [Party(0, "certificate", Convert.ToBase64String(BidSignature.Sign(bytes, lot.Certificates[lot.Bids[0].Bidder], at: At.AddHours(2)))), Party(1, "session", null), Party(2, null, null)],
            [new RecordedObjection(1, lot.Bids[1].Bidder, "bidder 1", "Why?", Text(At.AddHours(2)), "Because.", Text(At.AddHours(2)))]);
        return announced with { Closing = change?.Invoke(closing) ?? closing };
    }

    public static string ClosingHash(IEnumerable<Bid> bids) => HexText.Sha256(Encoding.UTF8.GetBytes($"[{string.Join(',', bids.Select(bid => $"{{\"bidId\":\"{bid.Id}\",\"manifestHash\":\"{bid.Manifest.Hash()}\"}}"))}]"));

    private OpeningRecord Draw() => new(
        2, Tender, "T-1", "Works", Lot, 1, "Lot", "tenderer", "agency", RuleSet.All.First().Id, "CNY", ClosingHash(Bids), Text(At.AddHours(1)), Text(At.AddHours(1)), Text(At.AddHours(2)), null, 2, [], [],
        [.. Bids.Select((bid, i) => new RecordedBid(i + 1, bid.Id, bid.Bidder, $"bidder {i}", "91350100M000100Y43", 1, bid.Manifest.Hash(), Text(At.AddMinutes(i)), true, bid.Schedule.Price, bid.Schedule, Base64UrlText.Encode(bid.Key), "custodians", null, null, null, null, null, Text(At.AddHours(1)), [], i + 1))], AnnouncedAt: Text(At.AddHours(1)), ReadingOrder: OpeningRecord.ByMomentThenPlace);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private X509Certificate2 Certificate()
    {
        var holder = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName("某某建设有限公司");
        subject.Add("2.5.4.97", "NTRCN-91350100M000100Y43");
        var request = new CertificateRequest(subject.Build(), holder, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var issued = request.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(_authority), At.AddMonths(-1), At.AddMonths(11), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(holder);
    }
}
