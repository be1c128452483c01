using System.Text;
using System.Text.Json.Nodes;

namespace Tendering.Verify.Tests;

/// <summary>A dossier that holds everything is checked with nothing else at hand.</summary>
public sealed class WholeTenderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task A_dossier_with_its_documents_is_good_by_itself()
    {
        var whole = await WholeTender.MakeAsync();
        var run = await RunAsync(whole);
        Assert.True(run.Exit == Report.ExitGood, run.Output);
        foreach (var code in new[] { "tender.documents", "tender.notice", "opening.prices", "opening.coefficients", "opening.confirmation", "opening.objections", "tender.coefficients", "tender.coefficient-key", "tender.receipt-key", "draw", "draw.checkpoint", "draw.vrf-key", "evaluation", "tender.committee" })
            Assert.True(run.Says(code), $"{code}\n{run.Output}");
        // Without authorities to trust certificates are the log's own word, which is said once.
        run = await Run.Of("tender", PathOf("dossier"), "--log-key", whole.Dossier.Log.Key.ToString());
        Assert.True(run.Exit == Report.ExitIncomplete && run.Output.Split("  not checked").Length == 2 && run.Says("opening.certificate"), run.Output);
        // Keys that one was told come before those of the log.
        File.WriteAllText(PathOf("other.pem"), SealedKey());
        Assert.True((await RunAsync(whole, "--receipt-key", PathOf("other.pem"))).SaysBad("opening.receipt"));
        Assert.True((await RunAsync(whole, "--coefficient-key", new string('0', 66))).SaysBad("tender.coefficient-key"));
    }

    [Theory]
    [InlineData("tender.document")]
    [InlineData("tender.notice")]
    [InlineData("opening.announced")]
    [InlineData("opening.receipt")]
    [InlineData("tender.receipt-key late")]
    [InlineData("tender.receipt-key twice")]
    [InlineData("opening.signature")]
    [InlineData("opening.ciphertext")]
    [InlineData("opening.coefficients")]
    [InlineData("opening.coefficients left out")]
    [InlineData("opening.confirmation")]
    [InlineData("opening.confirmation of another")]
    [InlineData("opening.confirmation by another")]
    [InlineData("opening.present")]
    [InlineData("opening.objections")]
    [InlineData("tender.coefficients")]
    [InlineData("tender.coefficient-key")]
    [InlineData("draw.vrf-key")]
    [InlineData("draw.checkpoint")]
    [InlineData("tender.draw-order")]
    [InlineData("tender.committee")]
    [InlineData("evaluation.signature")]
    [InlineData("tender.excluded")]
    [InlineData("tender.excluded and evaluated")]
    public async Task A_lie_in_documents_keys_or_events_is_found(string lie)
    {
        var run = await RunAsync(await WholeTender.MakeAsync(lie));
        Assert.True(run.Exit == Report.ExitBad && run.SaysBad(lie.Split(' ')[0]), run.Output);
    }

    [Theory]
    [InlineData("ciphertext-missing")]
    [InlineData("ciphertext-differs")]
    [InlineData("ciphertext-broken")]
    [InlineData("price-unreadable")]
    [InlineData("currency-differs")]
    public async Task That_a_bid_could_not_be_opened_is_not_believed_without_its_ciphertext_nor_against_it(string fact)
    {
        var whole = await WholeTender.MakeAsync(fact);
        var run = await RunAsync(whole);
        Assert.True(run.Exit == Report.ExitIncomplete && run.Output.Split("  not checked").Length == 2 && run.Says("opening.not-opened") && run.Output.Contains("2 prices were opened again", StringComparison.Ordinal), run.Output);
        Directory.CreateDirectory(PathOf("documents"));
        await File.WriteAllBytesAsync(PathOf($"documents/{whole.Cheapest.Id}.proof.json"), whole.Cheapest.Proof);
        Assert.True((await RunAsync(whole, "--documents", PathOf("documents"))).SaysBad("opening.fact"));
    }

    [Fact]
    public async Task A_bid_that_is_out_for_its_archive_and_a_report_that_was_set_aside_for_it_are_followed()
    {
        var run = await RunAsync(await WholeTender.MakeAsync("archive"));
        Assert.True(run.Exit == Report.ExitGood && run.Says("tender.excluded") && run.Says("evaluation") && run.Output.Contains("the 2 candidates are the lowest", StringComparison.Ordinal), run.Output);
    }

    [Fact]
    public async Task That_a_bid_was_not_opened_for_want_of_shares_is_noted()
    {
        var run = await RunAsync(await WholeTender.MakeAsync("shares-missing"));
        Assert.True(run.Exit == Report.ExitGood && run.Says("opening.not-opened"), run.Output);
    }

    [Theory]
    [InlineData("no bidding-closed", "tender.coefficient-key", "tender.receipt-key")]
    [InlineData("no pool-frozen", "draw.vrf-key")]
    public async Task Without_the_event_that_a_key_must_stand_before_its_place_is_not_checked(string lie, params string[] codes)
    {
        var run = await RunAsync(await WholeTender.MakeAsync(lie));
        Assert.All(codes, code => Assert.True(run.Exit != Report.ExitGood && run.SaysUnchecked(code), run.Output));
    }

    [Fact]
    public async Task Parts_that_do_not_make_the_document_of_the_hash_are_found()
    {
        foreach (var lie in new[] { "missing", "twice", "changed", "other kind" })
        {
            var whole = await WholeTender.MakeAsync();
            var text = "{\"number\":\"T-2\"}";
            if (lie == "twice") whole.Dossier.AddDocument("tenders", "notice", SealedLot.Lot, text);
            whole.Dossier.AddDocument("tenders", lie == "other kind" ? "something" : "notice", SealedLot.Lot, text);
            if (lie is "missing" or "changed")
                whole.Dossier.Add("platform.document-published", new JsonObject
                {
                    ["kind"] = "notice", ["subject"] = SealedLot.Tender, ["sha256"] = Protocols.HexText.Sha256(Encoding.UTF8.GetBytes("ab")), ["part"] = 1, ["parts"] = lie == "missing" ? 2 : 1, ["text"] = "a",
                }, source: "tenders");
            var run = await RunAsync(whole);
            if (lie == "other kind") Assert.True(run.Exit == Report.ExitGood && run.Says("tender.document"), run.Output);
            else Assert.True(run.SaysBad("tender.document"), $"{lie}\n{run.Output}");
        }
    }

    private Task<Run> RunAsync(WholeTender whole, params string[] more)
    {
        File.WriteAllText(PathOf("roots.pem"), whole.Lot.Root.ExportCertificatePem());
        return Run.Of(["tender", whole.Dossier.Write(PathOf("dossier")), "--log-key", whole.Dossier.Log.Key.ToString(), "--bid-roots", PathOf("roots.pem"), .. more]);
    }

    private static string SealedKey() => System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256).ExportSubjectPublicKeyInfoPem();

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
