namespace Tendering.Bidding.Features;

/// <summary>Moments as the database and the receipt keep them: whole microseconds, so that both say the same.</summary>
internal static class Moment
{
    public static DateTimeOffset Of(TimeProvider clock) => Of(clock.GetUtcNow());

    public static DateTimeOffset Of(DateTimeOffset now) => new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
