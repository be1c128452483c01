using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class MoveDeadlineTests
{
    private readonly Sample _sample = new();

    [Fact]
    public void A_clarification_moves_the_deadline_so_far_that_bidders_have_the_laws_time()
    {
        var lot = _sample.Published().Lots[0];
        var (rules, now) = (_sample.Rules, _sample.Deadline.AddDays(-3));
        var earliest = rules.EndOf(rules.Get(RuleKey.ClarificationLead), now);
        var early = Assert.Throws<RuleBrokenException>(() => lot.MoveForClarification(earliest.AddMinutes(-1), rules, now));
        Assert.Equal(("clarification-lead", "A5"), (early.Code, early.RuleId));
        lot.MoveForClarification(earliest, rules, now);
        Assert.Equal((earliest, earliest), (lot.BidDeadline, lot.OpeningAt));
    }

    [Fact]
    public void A_deadline_moves_forward_only_and_not_in_its_last_minutes_nor_after_the_closing()
    {
        var lot = _sample.Published().Lots[0];
        string Code(DateTimeOffset to, DateTimeOffset now) => Assert.Throws<RuleBrokenException>(() => lot.MoveForClarification(to, _sample.Rules, now)).Code;
        Assert.Equal("deadline-moves-forward", Code(_sample.Deadline, Sample.Start));
        Assert.Equal("bidding-closed", Code(_sample.Deadline.AddDays(30), _sample.Deadline - Lot.MoveLeadMin + TimeSpan.FromSeconds(1)));
        lot.NoteClosing(Sample.Hash, Sample.Start, _sample.Rules);
        Assert.Equal("bidding-closed", Code(_sample.Deadline.AddDays(30), Sample.Start));
        Assert.Equal("bidding-closed", Assert.Throws<RuleBrokenException>(() => _sample.Draft().Lots[0].MoveForClarification(_sample.Deadline.AddDays(30), _sample.Rules, Sample.Start)).Code);
    }

    [Fact]
    public void Where_the_opening_is_later_than_the_deadline_it_stays_as_much_later()
    {
        var sample = _sample with { RuleSetId = "cn-procurement", OpeningAt = _sample.Deadline.AddHours(2) };
        var lot = sample.Published().Lots[0];
        Assert.True(lot.MoveForOutage(_sample.Deadline.AddHours(5), sample.Rules));
        Assert.Equal((_sample.Deadline.AddHours(5), _sample.Deadline.AddHours(7)), (lot.BidDeadline, lot.OpeningAt));
        Assert.False(lot.MoveForOutage(_sample.Deadline.AddHours(4), sample.Rules));
    }
}
