using Tendering.Protocols;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class TenderTests
{
    private readonly Sample _sample = new();

    public static readonly TheoryData<string, string, string> DualReview = new()
    {
        { "cn-tendering", "AX2", "local rule" }, { "cn-procurement", "BX7", "local rule" }, { "jp-municipal", "J17", "市契約規則" },
    };

    [Fact]
    public void A_draft_goes_through_two_reviews_to_its_notice()
    {
        var tender = _sample.WithKeys();
        var stages = new List<Stage> { tender.Stage };
        tender.RequestReview();
        stages.Add(tender.Stage);
        Sample.Review(tender, 1, Guid.CreateVersion7());
        stages.Add(tender.Stage);
        Sample.Review(tender, 2, Guid.CreateVersion7());
        stages.Add(tender.Stage);
        tender.Publish(Sample.Start);
        stages.Add(tender.Stage);
        Assert.Equal([Stage.Draft, Stage.InReview, Stage.ReviewedOnce, Stage.Approved, Stage.Published], stages);
        Assert.Equal(Sample.Start, tender.PublishedAt);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_rejection_in_either_step_sends_the_draft_back_and_both_steps_are_needed_anew(int rejectedStep)
    {
        var tender = _sample.WithKeys();
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        tender.RequestReview();
        if (rejectedStep == 2) Sample.Review(tender, 1, first);
        Sample.Review(tender, rejectedStep, second, approved: false);
        Assert.Equal(Stage.Draft, tender.Stage);
        Assert.Equal("dual-review", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
        tender.RequestReview();
        Sample.Review(tender, 1, second);
        Assert.Equal("dual-review", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
        Sample.Review(tender, 2, first);
        tender.Publish(Sample.Start);
        Assert.Equal((2, Stage.Published), (tender.ReviewRound, tender.Stage));
    }

    [Theory, MemberData(nameof(DualReview))]
    public void One_authority_cannot_give_both_reviews(string ruleSet, string rule, string article)
    {
        var tender = (_sample with { RuleSetId = ruleSet }).WithKeys();
        var authority = Guid.CreateVersion7();
        tender.RequestReview();
        Sample.Review(tender, 1, authority);
        Assert.Equal(new Refusal("dual-review", rule, article), Refusal.Of(() => Sample.Review(tender, 2, authority)));
    }

    [Theory, MemberData(nameof(DualReview))]
    public void Nobody_publishes_what_was_not_reviewed_twice(string ruleSet, string rule, string article)
    {
        var tender = (_sample with { RuleSetId = ruleSet }).WithKeys();
        var refusal = new Refusal("dual-review", rule, article);
        Assert.Equal(refusal, Refusal.Of(() => tender.Publish(Sample.Start)));
        tender.RequestReview();
        Assert.Equal(refusal, Refusal.Of(() => tender.Publish(Sample.Start)));
        Sample.Review(tender, 1, Guid.CreateVersion7());
        Assert.Equal(refusal, Refusal.Of(() => tender.Publish(Sample.Start)));
    }

    [Fact]
    public void The_sides_of_a_tender_do_not_review_it()
    {
        var tender = _sample.WithKeys();
        tender.RequestReview();
        var refusal = new Refusal("dual-review", "AX2", "local rule");
        Assert.Equal(refusal, Refusal.Of(() => Sample.Review(tender, 1, tender.AgencyId)));
        Assert.Equal(refusal, Refusal.Of(() => Sample.Review(tender, 1, tender.TendererId!.Value)));
        Assert.Equal(refusal, Refusal.Of(() => Sample.Review(tender, 1, Guid.CreateVersion7(), code: "91330106MA2CFLDG4R")));
        Assert.Equal(Stage.InReview, tender.Stage);
    }

    [Fact]
    public void The_second_step_waits_for_the_first()
    {
        var tender = _sample.WithKeys();
        Assert.Equal("dual-review", Refusal.Of(() => Sample.Review(tender, 1, Guid.CreateVersion7())).Code);
        tender.RequestReview();
        Assert.Equal("dual-review", Refusal.Of(() => Sample.Review(tender, 2, Guid.CreateVersion7())).Code);
        Sample.Review(tender, 1, Guid.CreateVersion7());
        Assert.Equal("dual-review", Refusal.Of(() => Sample.Review(tender, 1, Guid.CreateVersion7())).Code);
    }

    [Fact]
    public void What_is_done_is_not_done_again()
    {
        var tender = _sample.Published();
        Assert.Equal("wrong-stage", Refusal.Of(tender.RequestReview).Code);
        Assert.Equal("wrong-stage", Refusal.Of(() => Sample.Review(tender, 1, Guid.CreateVersion7())).Code);
        Assert.Equal("wrong-stage", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
    }

    [Fact]
    public void A_custodian_may_replace_its_key_until_the_notice_is_out()
    {
        using var key = CustodianKey.Generate();
        var tender = _sample.Approved();
        tender.RegisterKey(tender.Custodians[0], key.PublicKey, Sample.Start);
        Assert.Equal(key.PublicKey, tender.Custodians[0].PublicKey);
        tender.Publish(Sample.Start);
        Assert.Equal("custodian-keys-fixed", Refusal.Of(() => tender.RegisterKey(tender.Custodians[0], key.PublicKey, Sample.Start)).Code);
    }

    [Fact]
    public void A_key_that_is_no_point_of_the_curve_is_refused()
    {
        var tender = _sample.Draft();
        var offTheCurve = Base64UrlText.Encode([0x04, .. new byte[63], 1]);
        foreach (var text in new[] { "", "not a key", offTheCurve, Base64UrlText.Encode([0x02, .. new byte[32]]) })
            Assert.Equal("custodian-key-invalid", Refusal.Of(() => tender.RegisterKey(tender.Custodians[0], text, Sample.Start)).Code);
    }

    [Fact]
    public void Two_custodians_do_not_share_a_key()
    {
        using var key = CustodianKey.Generate();
        var tender = _sample.Draft();
        tender.RegisterKey(tender.Custodians[0], key.PublicKey, Sample.Start);
        tender.RegisterKey(tender.Custodians[0], key.PublicKey, Sample.Start);
        Assert.Equal("custodian-key-taken", Refusal.Of(() => tender.RegisterKey(tender.Custodians[1], key.PublicKey, Sample.Start)).Code);
    }

    [Fact]
    public void A_tender_is_as_far_as_its_least_advanced_lot_that_goes_on()
    {
        var tender = (_sample with { Lots = 3 }).Published();
        var rules = tender.Rules;
        tender.Lots[0].NoteOpening(3, Sample.Hash, Sample.Start, rules);
        Assert.Equal(Stage.Published, tender.Stage);
        tender.Lots[1].NoteClosing(Sample.Hash, Sample.Start, rules);
        tender.Lots[2].NoteClosingList(0, Sample.Hash, Sample.Start, rules, Sample.Start);
        Assert.Equal((Stage.Failed, Stage.Closed), (tender.Lots[2].Stage, tender.Stage));
        tender.Lots[1].NoteClosingList(0, Sample.Hash, Sample.Start, rules, Sample.Start);
        Assert.Equal(Stage.Opening, tender.Stage);
    }

    [Fact]
    public void The_hash_of_the_documents_can_be_computed_by_anyone()
    {
        var text = $$"""[{"length":1234,"name":"tender.pdf","sha256":"{{Sample.Hash}}"}]""";
        Assert.Equal(HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(text)), _sample.Draft().DocumentsHash);
    }
}
