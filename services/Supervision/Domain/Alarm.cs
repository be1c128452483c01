namespace Tendering.Supervision.Domain;

/// <summary>Something that a supervisor must see. The detail never carries an event's payload.</summary>
public sealed record Alarm(Guid Id, string Kind, string Source, long? Sequence, string Detail, DateTimeOffset RaisedAt)
{
    public const string StreamGap = "stream-gap";
    public const string StreamRewritten = "stream-rewritten";
    public const string MessageParked = "message-parked";
    public const string RefundsOverdue = "refunds-overdue";
    public const string SharedPayer = "shared-payer";
    public const string LateArchive = "archive-not-opened-late";
    public const string LedgerDoubted = "ledger-doubted";

    public static Alarm OfGap(string source, Gap gap, DateTimeOffset now) =>
        Raise(StreamGap, source, gap.After + 1, $"Events {gap.After + 1} to {gap.Through} of {source} are missing; they have been asked for.", now);

    public static Alarm OfRewriting(string source, long sequence, DateTimeOffset now) =>
        Raise(StreamRewritten, source, sequence, $"{source} sent event {sequence} again with other content; the first version stands and both are kept.", now);

    public static Alarm OfParked(string source, long sequence, string consumer, string eventType, Guid? eventId, string error, DateTimeOffset now) =>
        Raise(MessageParked, source, sequence, $"{source} could not handle {eventType} {eventId} in {consumer} ({error}); it waits for an operator.", now);

    /// <summary>A service told something that a supervisor must see: the event says what, the alarm only that it is there.</summary>
    public static Alarm OfFinding(string kind, string source, long sequence, string what, DateTimeOffset now) =>
        Raise(kind, source, sequence, $"{what}: see event {sequence} of {source}.", now);

    private static Alarm Raise(string kind, string source, long? sequence, string detail, DateTimeOffset now) =>
        new(Guid.CreateVersion7(), kind, source, sequence, detail, now);
}
