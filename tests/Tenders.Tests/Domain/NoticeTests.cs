using System.Text;
using Tendering.Protocols;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class NoticeTests
{
    [Fact]
    public void A_notice_is_canonical_known_by_its_hash_and_silent_on_the_estimate()
    {
        var sample = new Sample { EstimatedPrice = 987_654_32 };
        var tender = sample.Published();
        var lot = tender.Lots[0];
        lot.NoteOpening(3, Sample.Hash, Sample.Start, sample.Rules);
        lot.NoteEvaluation(Sample.Hash, [Sample.Candidate(1)], Sample.Start, sample.Rules, Sample.Start);
        lot.PublishCandidates(sample.Rules, Sample.Start);
        var notices = new List<Notice> { Notice.OfTender(tender), Notice.OfDeadline(tender, lot, Sample.Start, "clarification", "a change", Sample.Start), Notice.OfCandidates(tender, lot) };
        lot.Award(lot.Candidates![0].BidId, null, sample.Rules, lot.PublicityEndsAt!.Value);
        notices.Add(Notice.OfAward(tender, lot));
        lot.IssueAwardNotice(sample.Rules, Sample.Start);
        lot.SignContract(Sample.Hash, sample.Rules, lot.ContractDueBy!.Value);
        notices.Add(Notice.OfContract(tender, lot));
        var failing = sample.Published();
        failing.Lots[0].NoteClosingList(1, Sample.Hash, Sample.Start, sample.Rules, Sample.Start);
        notices.Add(Notice.OfFailure(failing, failing.Lots[0]));

        Assert.Equal(Enum.GetValues<NoticeKind>(), notices.Select(n => n.Kind));
        foreach (var notice in notices)
        {
            var bytes = Encoding.UTF8.GetBytes(notice.Content);
            Assert.Equal((notice.Sha256, notice.Content), (HexText.Sha256(bytes), Encoding.UTF8.GetString(CanonicalJson.Canonicalize(bytes))));
            Assert.DoesNotContain("98765432", notice.Content, StringComparison.Ordinal);
            Assert.DoesNotContain("estimate", notice.Content, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Contains("\"late\":true", notices[4].Content, StringComparison.Ordinal);
        Assert.Contains("\"bids\":1", notices[5].Content, StringComparison.Ordinal);
        Assert.Contains("\"article\":\"法28;条44\"", notices[5].Content, StringComparison.Ordinal);
    }
}
