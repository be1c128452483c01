namespace Tendering.Supervision.Domain;

/// <summary>What an event is to its stream, by its number.</summary>
public enum Arrival { Next, Repeated, Early }

/// <summary>Numbers that are missing: all above <paramref name="After"/> and up to <paramref name="Through"/>.</summary>
public sealed record Gap(long After, long Through);

/// <summary>How far the stream of a source has come. Its numbers are 1, 2, 3 … without a gap, or something is being hidden.</summary>
public sealed class SourceStream
{
    public required string Source { get; init; }

    /// <summary>All up to this number are recorded.</summary>
    public long Last { get; private set; }

    /// <summary>The highest number that was ever heard of.</summary>
    public long Highest { get; private set; }

    public int Asks { get; private set; }
    public long? AskedAfter { get; private set; }
    public DateTimeOffset? AskedAt { get; private set; }

    public bool HasGap => Highest > Last;

    /// <summary>False for a source that is new to this record, whose beginning may just have been told before anyone listened.</summary>
    public bool WasHeard => Highest > 0;

    /// <summary>The gap that an event of this number makes known, if it is a new one.</summary>
    public Gap? GapBefore(long sequence) => sequence > Highest + 1 ? new Gap(Highest, sequence - 1) : null;

    public Arrival Take(long sequence)
    {
        if (sequence <= Last) return Arrival.Repeated;
        if (GapBefore(sequence) is not null) AskAtOnce();
        Highest = Math.Max(Highest, sequence);
        if (sequence > Last + 1) return Arrival.Early;
        Last = sequence;
        return Arrival.Next;
    }

    /// <summary>Another part is missing than the one that was asked for.</summary>
    public void AskAtOnce() => (Asks, AskedAfter, AskedAt) = (0, null, null);
}
