namespace Tendering.Contracts.Supervision;

/// <summary>
/// What was secret is public: the event's face, and the salt, place and path with which it leads to the root in entry <paramref name="Leaf"/> of the audit log
/// (docs/formats/log-entries.md). Salt and path in hexadecimal; <paramref name="Payload"/> where the face has only its hash.
/// </summary>
[Event("supervision.secret-disclosed")]
public sealed record SecretDisclosed(
    Guid TenderId, Guid LotId, Guid EventId, string Type, string Until, string Face, long Leaf, long Position, string[] Path, string Salt, string? Payload, DateTimeOffset DisclosedAt) : ITenderEvent;
