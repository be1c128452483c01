namespace Tendering.Identity;

/// <summary>Sessions, tokens, keys and locking out keep to real time even where the market's time is simulated.</summary>
public sealed record RealClock(TimeProvider Provider)
{
    public DateTimeOffset Now => Provider.GetUtcNow();
}
