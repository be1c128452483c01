using System.Text;
using System.Text.Json.Nodes;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

public sealed class VerifyOpeningTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task Prices_are_opened_again_from_what_was_sealed()
    {
        var lot = await SealedLot.SealAsync(500, 300, 400);
        var run = await RunAsync(lot, lot.Record);
        Assert.True(run.Exit == Report.ExitGood && run.Says("opening.prices"), run.Output);
        run = await Run.Of("opening", Keep("record.json", Encoding.UTF8.GetBytes(lot.Record.Canonical())));
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("opening.proof"), run.Output);
        run = await Run.Of("opening", Keep("record.json", Encoding.UTF8.GetBytes(lot.Record.Canonical())), Keep("p", lot.Bids[0].Proof));
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("opening.certificate"), run.Output);
    }

    [Fact]
    public async Task A_price_that_was_not_sealed_is_bad_and_so_is_a_bid_left_out()
    {
        var lot = await SealedLot.SealAsync(500, 300, 400);
        var bids = lot.Record.Bids.ToArray();
        var schedule = bids[0].Schedule! with { Price = 200 };
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [bids[0] with { Price = 200, Schedule = schedule }, .. bids[1..]] })).SaysBad("opening.price"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [bids[0] with { Price = 200 }, .. bids[1..]] })).SaysBad("opening.price"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = bids[1..] })).SaysBad("opening.closing-list"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [bids[0] with { PriceKey = bids[1].PriceKey }, .. bids[1..]] })).SaysBad("opening.commitment"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [bids[0] with { SocialCreditCode = "other" }, .. bids[1..]] })).SaysBad("opening.signature"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [bids[0] with { SubmittedAt = bids[1].SubmittedAt }, .. bids[1..]] })).SaysBad("opening.receipt"));

        // Said not to be opened although everything for it is there.
        var closed = bids[0] with { Price = null, Schedule = null, Fact = "ciphertext-differs", Verdict = "withdrawn", Cause = "platform" };
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [closed, .. bids[1..]] })).SaysBad("opening.fact"));
        Assert.True((await RunAsync(lot, lot.Record with { Bids = [closed with { Cause = "bidder" }, .. bids[1..]] })).SaysBad("opening.verdict"));
    }

    [Theory]
    [InlineData("ciphertext-broken")]
    [InlineData("price-unreadable")]
    [InlineData("currency-differs")]
    public async Task Why_a_bid_was_not_opened_is_seen_from_its_ciphertext(string fact)
    {
        var lot = await SealedLot.SealAsync(schedule => fact switch { "price-unreadable" => "{}"u8.ToArray(), "currency-differs" => (schedule with { Currency = "USD" }).Canonical(), _ => schedule.Canonical() }, broken: fact == "ciphertext-broken", 500);
        foreach (var (said, word) in new[] { ("ciphertext-broken", "revoked"), ("price-unreadable", "rejected"), ("currency-differs", "rejected") })
        {
            var run = await RunAsync(lot, lot.Record with { Bids = [lot.Record.Bids[0] with { Price = null, Schedule = null, Fact = said, Verdict = word, Cause = "bidder" }] });
            Assert.True(said == fact ? run.Exit == Report.ExitGood : run.SaysBad("opening.fact"), run.Output);
        }
    }

    [Fact]
    public async Task A_ciphertext_or_manifest_that_was_changed_is_bad()
    {
        var lot = await SealedLot.SealAsync(500);
        var record = Keep("record.json", Encoding.UTF8.GetBytes(lot.Record.Canonical()));
        foreach (var (member, code) in new[] { ("priceCiphertext", "opening.ciphertext"), ("manifest", "manifest.malformed"), ("signature", "opening.signature"), ("receipt", "opening.receipt") })
        {
            var proof = JsonNode.Parse(lot.Bids[0].Proof)!;
            var text = proof[member]!.GetValue<string>();
            proof[member] = text[..20] + (text[20] == 'A' ? 'B' : 'A') + text[21..];
            var run = await Run.Of("opening", record, Keep("p", Encoding.UTF8.GetBytes(proof.ToJsonString())), "--bid-roots", Roots(lot), "--receipt-key", ReceiptKey(lot));
            Assert.True(run.Exit == Report.ExitBad && (run.SaysBad(code) || member == "manifest"), run.Output);
        }
    }

    private async Task<Run> RunAsync(SealedLot lot, OpeningRecord record) => await Run.Of(
        ["opening", Keep("record.json", Encoding.UTF8.GetBytes(record.Canonical())), .. lot.Bids.Select((bid, i) => Keep($"proof{i}", bid.Proof)), "--bid-roots", Roots(lot), "--receipt-key", ReceiptKey(lot)]);

    private string Roots(SealedLot lot) => Keep("roots.pem", Encoding.ASCII.GetBytes(lot.Root.ExportCertificatePem()));
    private string ReceiptKey(SealedLot lot) => Keep("receipt.pem", Encoding.ASCII.GetBytes(lot.ReceiptKey.ExportSubjectPublicKeyInfoPem()));

    private string Keep(string name, byte[] bytes)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
