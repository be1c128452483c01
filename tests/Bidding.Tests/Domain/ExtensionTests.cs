using Tendering.Bidding.Domain;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Tests.Domain;

public class ExtensionTests
{
    private static readonly DateTimeOffset Deadline = new(2026, 3, 20, 9, 0, 0, TimeSpan.Zero);
    private static readonly OutageMeasure Measure = new(TimeSpan.FromHours(4), 10, TimeSpan.FromHours(1));

    private static Lot OpenLot() => Lot.Open(Guid.CreateVersion7(), Guid.CreateVersion7(), "cn-tendering", Deadline, 2, []);
    private static Heartbeat Beat(TimeSpan before, TimeSpan realBefore) => new(Deadline - before, Deadline - realBefore, $"beat {before}");
    private static ReportedOutage Outage(int fromMinutes, int untilMinutes) => new(Deadline.AddMinutes(fromMinutes), Deadline.AddMinutes(untilMinutes), "a", "b");
    private static TimeSpan Min(double minutes) => TimeSpan.FromMinutes(minutes);

    [Fact]
    public void A_silence_longer_than_the_pause_between_beats_is_an_outage_and_a_clock_that_was_moved_is_none()
    {
        Assert.Null(Extension.Between(Beat(Min(10), Min(10)), Beat(Min(9.5), Min(9.5))));
        var outage = Extension.Between(Beat(Min(10), Min(10)), Beat(Min(5), Min(5)))!;
        Assert.Equal((Deadline - Min(10), Deadline - Min(5), "beat 00:10:00", "beat 00:05:00"), (outage.From, outage.Until, outage.LastBefore, outage.FirstAfter));
        Assert.Null(Extension.Between(Beat(Min(600), Min(10)), Beat(Min(5), Min(9.9))));
        var both = Extension.Between(Beat(Min(600), Min(10)), Beat(Min(5), Min(8)))!;
        Assert.Equal(Deadline - Min(7), both.From);
    }

    [Theory]
    [InlineData(-24, 0, -24, 0)]
    [InlineData(-60, -36, -50, -49)]
    [InlineData(-300, -217, -1, 0)]
    public void Up_to_a_tenth_of_the_last_four_hours_is_borne(int from, int until, int andFrom, int andUntil) =>
        Assert.Null(Extension.Propose(OpenLot(), andFrom == from ? [Outage(from, until)] : [Outage(from, until - 1), Outage(andFrom, andUntil)], [], Measure, Deadline));

    [Fact]
    public void What_was_lost_is_given_back_from_the_deadline_or_from_now()
    {
        var before = Extension.Propose(OpenLot(), [Outage(-100, -80), Outage(-40, -20)], [], Measure, Deadline.AddMinutes(-20))!;
        Assert.Equal((Deadline.AddMinutes(40), Deadline.AddHours(1), 2), (before.ProposedDeadline, before.HeldUntil, before.Outages.Length));
        // Away at the deadline: the time from then on until now is nobody's, the lost part of the window is given from now.
        var after = Extension.Propose(OpenLot(), [Outage(-30, 90)], [], Measure, Deadline.AddMinutes(90))!;
        Assert.Equal((Deadline.AddMinutes(120), Deadline.AddMinutes(150)), (after.ProposedDeadline, after.HeldUntil));
    }

    [Fact]
    public void An_outage_that_was_decided_on_is_given_back_once_however_the_window_moves()
    {
        var lot = OpenLot();
        var first = Extension.Propose(lot, [Outage(-120, -60)], [], Measure, Deadline.AddMinutes(-60))!;
        Assert.Equal(Deadline.AddHours(1), first.Decide(lot, true, "an hour was lost", Guid.Empty, Deadline.AddMinutes(-50)));
        ReportedOutage[] both = [Outage(-120, -60), Outage(-30, -10)];
        Assert.Null(Extension.Propose(lot, both, first.Outages, Measure, Deadline.AddMinutes(-10)));         // twenty minutes are borne
        var second = Extension.Propose(lot, [.. both, Outage(0, 10)], first.Outages, Measure, Deadline.AddMinutes(10))!;
        Assert.Equal((Deadline.AddMinutes(90), 2), (second.ProposedDeadline, second.Outages.Length));
    }

    [Fact]
    public void A_decision_moves_the_deadline_forward_or_lets_the_closing_go_and_is_made_once()
    {
        var lot = OpenLot();
        var extension = Extension.Propose(lot, [Outage(-30, 0)], [], Measure, Deadline)!;
        lot.Hold(extension.HeldUntil);
        Assert.Equal(Deadline.AddMinutes(40), extension.Decide(lot, true, "the platform was away", Guid.Empty, Deadline.AddMinutes(40)) - Min(30));
        Assert.Equal((lot.BidDeadline, true), (lot.NextDueAt!.Value, lot.TakesBids(Deadline.AddMinutes(41))));
        Assert.Equal("already-decided", Assert.Throws<RuleBrokenException>(() => extension.Decide(lot, true, "x", Guid.Empty, Deadline)).Code);

        var other = OpenLot();
        var refused = Extension.Propose(other, [Outage(-30, 0)], [], Measure, Deadline)!;
        other.Hold(refused.HeldUntil);
        Assert.Equal(Deadline, refused.Decide(other, false, "nobody was kept away", Guid.Empty, Deadline.AddMinutes(5)));
        Assert.Equal(Deadline, other.NextDueAt);
    }

    [Fact]
    public void Nothing_that_is_closed_is_opened_again()
    {
        var lot = OpenLot();
        var extension = Extension.Propose(lot, [Outage(-30, 0)], [], Measure, Deadline)!;
        lot.Close([], Deadline);
        Assert.Equal("bidding-closed", Assert.Throws<RuleBrokenException>(() => extension.Decide(lot, true, "x", Guid.Empty, Deadline)).Code);
        Assert.Equal("bidding-closed", Assert.Throws<RuleBrokenException>(() => lot.MoveDeadline(Deadline.AddDays(1), Deadline)).Code);
        Assert.Null(Extension.Propose(lot, [Outage(-60, 0)], [], Measure, Deadline));
    }

    [Fact]
    public void A_deadline_moves_forward_only()
    {
        var lot = OpenLot();
        lot.MoveDeadline(Deadline.AddDays(-1), Deadline.AddDays(-2));
        Assert.Equal(Deadline, lot.BidDeadline);
    }
}
