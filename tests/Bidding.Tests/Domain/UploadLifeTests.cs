using Tendering.Bidding.Domain;

namespace Tendering.Bidding.Tests.Domain;

public class UploadLifeTests
{
    private static readonly DateTimeOffset Begun = new(2026, 3, 20, 9, 0, 0, TimeSpan.Zero);

    private static Lot OpenLot(double hours) => Lot.Open(Guid.CreateVersion7(), Guid.CreateVersion7(), "cn-tendering", Begun.AddHours(hours), 2, []);
    private static Upload Unfinished(Lot lot) => Upload.Begin(lot.Id, Guid.CreateVersion7(), "files", 10, Begun);

    private static bool IsKept(Upload upload, Lot lot, DateTimeOffset now, DateTimeOffset? outageUntil = null)
    {
        upload.Due(false, lot, outageUntil, now);
        return upload.RemovedAt is null;
    }

    [Fact]
    public void An_unfinished_upload_is_given_up_after_a_day()
    {
        var lot = OpenLot(240);
        Assert.True(IsKept(Unfinished(lot), lot, Begun.AddHours(23.9)));
        Assert.False(IsKept(Unfinished(lot), lot, Begun.AddHours(24)));
        Assert.False(IsKept(Unfinished(lot), lot, Begun.AddHours(24), outageUntil: Begun.AddHours(-1)));
    }

    [Fact]
    public void From_the_end_of_an_outage_it_has_a_day_again()
    {
        var (lot, upload) = (OpenLot(240), default(Upload));
        upload = Unfinished(lot);
        Assert.True(IsKept(upload, lot, Begun.AddHours(30), outageUntil: Begun.AddHours(30)));
        Assert.Equal(Begun.AddHours(54), upload.NextDueAt);
        Assert.False(IsKept(upload, lot, Begun.AddHours(54), outageUntil: Begun.AddHours(30)));
    }

    [Fact]
    public void From_the_moment_at_which_the_deadline_was_moved_it_has_a_day_again()
    {
        var lot = OpenLot(240);
        var upload = Unfinished(lot);
        lot.MoveDeadline(Begun.AddHours(480), Begun.AddHours(20));
        Assert.True(IsKept(upload, lot, Begun.AddHours(24)));
        Assert.False(IsKept(upload, lot, Begun.AddHours(44)));
    }

    [Fact]
    public void While_an_extension_is_being_decided_on_it_is_kept_and_with_it_for_a_day_and_after_the_closing_not()
    {
        var lot = OpenLot(23);
        var (upload, late) = (Unfinished(lot), Unfinished(lot));
        Assert.True(IsKept(upload, lot, Begun.AddHours(24)));
        lot.MoveDeadline(Begun.AddHours(30), Begun.AddHours(25));
        Assert.True(IsKept(upload, lot, upload.NextDueAt!.Value));
        Assert.Equal(Begun.AddHours(49), upload.NextDueAt);

        var closed = OpenLot(23);
        closed.Close([], Begun.AddHours(23));
        Assert.False(IsKept(late, closed, Begun.AddHours(24)));
    }

    [Fact]
    public void What_was_removed_waits_for_those_under_way_and_a_bid_that_names_it_keeps_it()
    {
        var lot = OpenLot(240);
        var (named, spare) = (Unfinished(lot), Unfinished(lot));
        foreach (var upload in new[] { named, spare }) upload.Remove(Begun);
        Assert.False(spare.RemovedDue(isAlone: false, isNamed: false, Begun));
        Assert.True(spare.NextDueAt > Begun);
        Assert.True(spare.RemovedDue(isAlone: true, isNamed: false, Begun.AddSeconds(1)));
        Assert.Null(spare.NextDueAt);
        Assert.False(named.RemovedDue(isAlone: true, isNamed: true, Begun));
        Assert.Equal((null, null), (named.RemovedAt, named.NextDueAt));
    }
}
