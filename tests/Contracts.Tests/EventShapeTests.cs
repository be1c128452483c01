namespace Tendering.Contracts.Tests;

public class EventShapeTests
{
    private static string Approved => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events.approved.txt"));

    [Fact]
    public void Every_event_is_as_approved()
    {
        var found = EventShape.Compare(EventShape.Read(Approved), EventShape.Current());
        Assert.True(found.Count == 0, string.Join("\n\n", found));
    }

    [Fact]
    public void What_is_written_is_what_is_read() => Assert.Equal(Approved, EventShape.Write(EventShape.Read(Approved)));

    public static TheoryData<string, string, string> Changes => new()
    {
        { "  revision: Int32\n", "", "has a new field 'revision' that stored events lack" },
        { "  revision: Int32\n", "  revision: Int64\n", "'revision' was Int64 and is Int32" },
        { "  revision: Int32\n", "  revision: Int32\n  price: Int64\n", "lost 'price'" },
        { "bidding.bid-submitted (version 1, secret until opening)", "bidding.bid-submitted (version 1)", "was approved as 'version 1'" },
        { "bidding.bid-submitted (version 1,", "bidding.bid-submitted (version 0,", "has a new version" },
        { "bidding.bid-submitted (", "bidding.bid-offered (", "bidding.bid-offered is gone" },
        { "bidding.bid-submitted (", "bidding.bid-offered (", "bidding.bid-submitted is new: add to events.approved.txt" },
        { "  price: Int64?\n", "", "has a new field that may be missing: add '  price: Int64?'" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_is_named_with_what_to_do(string text, string before, string message)
    {
        var at = Approved.IndexOf(text, Approved.IndexOf(text.StartsWith("  rev", StringComparison.Ordinal) ? "bidding.bid-submitted" : text, StringComparison.Ordinal), StringComparison.Ordinal);
        var then = Approved[..at] + before + Approved[(at + text.Length)..];
        Assert.Contains(EventShape.Compare(EventShape.Read(then), EventShape.Current()), found => found.Contains(message, StringComparison.Ordinal));
    }
}
