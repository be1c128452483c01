namespace Tendering.Supervision.Domain;

/// <summary>What is wrong with the log itself. The first two are the gravest there are: history was changed.</summary>
public static class LogAlarm
{
    /// <summary>A witness has seen another history than this log's, or a longer one: the log was changed, or an old copy was put in its place.</summary>
    public const string Forked = "log-forked";

    /// <summary>Record and log in the database no longer agree with each other.</summary>
    public const string Differs = "log-differs";

    /// <summary>Fewer witnesses cosign than the policy asks for; the published checkpoint stands still.</summary>
    public const string WitnessMissing = "witness-missing";

    /// <summary>A witness answers with a signature that is not its own.</summary>
    public const string WitnessLies = "witness-lies";

    /// <summary>The time-stamping authority has given no token for two days.</summary>
    public const string TimestampMissing = "timestamp-missing";

    public static Alarm OfWitness(string kind, string detail, DateTimeOffset now) => Of(kind, null, detail, now);

    public static Alarm OfDifference(long? index, string what, DateTimeOffset now) => Of(Differs, index, what, now);

    private static Alarm Of(string kind, long? sequence, string detail, DateTimeOffset now) => new(Guid.CreateVersion7(), kind, "supervision", sequence, detail, now);
}
