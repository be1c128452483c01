namespace Tendering.Contracts.Platform;

/// <summary>A service could not handle an event after all its retries; the event waits there for an operator.</summary>
[Event("platform.message-parked", SecretUntil = Disclosure.Never)]
public sealed record MessageParked(string Service, Guid EventId, string EventType, string Consumer, string Error, DateTimeOffset ParkedAt);
