using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Tests.Domain;

public class SourceStreamTests
{
    private static SourceStream After(params long[] sequences)
    {
        var stream = new SourceStream { Source = "bidding" };
        foreach (var sequence in sequences) stream.Take(sequence);
        return stream;
    }

    [Fact]
    public void Numbers_in_order_leave_no_gap()
    {
        var stream = After(1, 2, 3);
        Assert.Equal((3, 3, false), (stream.Last, stream.Highest, stream.HasGap));
    }

    [Fact]
    public void What_was_taken_is_a_repeat() => Assert.Equal(Arrival.Repeated, After(1, 2, 3).Take(2));

    [Fact]
    public void A_skipped_number_is_a_gap_and_holds_the_stream()
    {
        var stream = After(1, 2);
        Assert.Equal(new Gap(2, 4), stream.GapBefore(5));
        Assert.Equal(Arrival.Early, stream.Take(5));
        Assert.Equal((2, 5, true), (stream.Last, stream.Highest, stream.HasGap));
    }

    [Fact]
    public void A_number_inside_a_known_gap_is_no_new_gap() => Assert.Null(After(1, 9).GapBefore(5));

    [Fact]
    public void Behind_a_gap_another_gap_is_new() => Assert.Equal(new Gap(5, 7), After(1, 5).GapBefore(8));

    [Fact]
    public void A_gap_that_is_filled_is_gone()
    {
        var stream = After(1, 3, 2);
        Assert.True(stream.HasGap);                                          // 3 waits until it is taken again
        Assert.Equal(Arrival.Next, stream.Take(3));
        Assert.False(stream.HasGap);
    }

    [Fact]
    public void A_new_source_was_not_heard_before() => Assert.Equal((false, true), (After().WasHeard, After(7).WasHeard));
}
