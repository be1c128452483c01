namespace Tendering.Contracts;

/// <summary>The name and version under which an event is stored, sent and logged for ever, whatever its class is called.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventAttribute(string name, int version = 1) : Attribute
{
    /// <summary>Publishing service, a dot, noun and past verb in kebab case: <c>bidding.bid-submitted</c>.</summary>
    public string Name { get; } = name;

    public int Version { get; } = version;

    /// <summary>One of <see cref="Disclosure"/>: when the payload of a secret event becomes public. Null: public at once.</summary>
    public string? SecretUntil { get; init; }
}

/// <summary>The moments at which the law lets a secret payload become public.</summary>
public static class Disclosure
{
    public const string Opening = "opening";
    public const string Report = "report";
    public const string Result = "result";
    public const string Never = "never";
}

/// <summary>An event in the life of one tender.</summary>
public interface ITenderEvent
{
    Guid TenderId { get; }
}

/// <summary>An event that may be in the life of one tender, or in nobody's.</summary>
public interface IMaybeTenderEvent
{
    Guid? TenderId { get; }
}
