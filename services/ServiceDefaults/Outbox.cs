using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Platform;

namespace Tendering.ServiceDefaults;

/// <summary>An event in the publishing service's own database: written with the state it tells of, numbered later by the relay, kept for ever.</summary>
public sealed class OutboxEvent
{
    public long Position { get; private init; }
    public long? Sequence { get; private init; }
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required string Type { get; init; }
    public required int Version { get; init; }
    public Guid? TenderId { get; init; }
    public required string Payload { get; init; }
    public string? SecretUntil { get; init; }
    public byte[]? Salt { get; init; }
    public Guid? PersonId { get; init; }
    public Guid? OrganisationId { get; init; }
    public string? Role { get; init; }
    public string? Address { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public string? TraceParent { get; init; } = Activity.Current?.Id;
}

/// <summary>An event as it travels: who, when, from where (the law's record of every step), and the payload as JSON text.</summary>
public sealed record Envelope(
    Guid Id, string Type, int Version, string Source, long Sequence, Guid? TenderId, string Payload, string? SecretUntil, byte[]? Salt,
    Guid? PersonId, Guid? OrganisationId, string? Role, string? Address, DateTimeOffset OccurredAt, string? TraceParent)
{
    /// <summary>Nothing that every event has is missing, and every text can be stored (PostgreSQL takes no NUL).</summary>
    [JsonIgnore]
    public bool IsWhole => Id != Guid.Empty && Type is not null && Source is not null && Payload is not null && Sequence > 0
        && new[] { Type, Source, Payload, SecretUntil, Role, Address, TraceParent }.All(text => text?.Contains('\0') != true);
}

public static class Outbox
{
    /// <summary>Characters of a document in one event; a longer one is told in several.</summary>
    public const int DocumentPartMax = 32 * 1024;

    /// <summary>How events are written: camel case, strict numbers, unknown members ignored so that versions can grow.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    private static readonly ConcurrentDictionary<Type, EventAttribute> Names = new();

    public static EventAttribute NameOf(Type type) => Names.GetOrAdd(type, t =>
        t.GetCustomAttribute<EventAttribute>() ?? throw new InvalidOperationException($"{t} is no event: it has no [Event] name."));

    /// <summary>The tender in whose life it is, if it is in one's.</summary>
    public static Guid? TenderOf(object message) => message is ITenderEvent its ? its.TenderId : (message as IMaybeTenderEvent)?.TenderId;

    /// <summary>Queues the event. It leaves with the transaction of the next SaveChanges, or not at all.</summary>
    public static void Publish<T>(this DbContext db, T message, DateTimeOffset occurredAt) where T : class => db.Add(Row(message, occurredAt));

    /// <summary>Queues a document that is public from now on: the record keeps it whole, and the log its hash.</summary>
    public static void PublishDocument(this DbContext db, Guid tender, string kind, Guid subject, string text, DateTimeOffset publishedAt)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var parts = Parts(text).ToArray();
        for (var i = 0; i < parts.Length; i++) db.Publish(new DocumentPublished(tender, kind, subject, hash, i + 1, parts.Length, parts[i], publishedAt), publishedAt);
    }

    /// <summary>The event as a row of the outbox, for the one who writes it with SQL of its own.</summary>
    public static OutboxEvent Row<T>(T message, DateTimeOffset occurredAt) where T : class
    {
        var name = NameOf(typeof(T));
        var caller = Caller.Current;
        return new OutboxEvent
        {
            Type = name.Name, Version = name.Version, SecretUntil = name.SecretUntil,
            Salt = name.SecretUntil is null ? null : RandomNumberGenerator.GetBytes(32),
            TenderId = TenderOf(message), Payload = JsonSerializer.Serialize(message, Json),
            PersonId = caller.PersonId, OrganisationId = caller.OrganisationId, Role = caller.Roles.Count > 0 ? string.Join(' ', caller.Roles) : null,
            Address = caller.Address, OccurredAt = occurredAt,
        };
    }

    // No character is cut in two.
    private static IEnumerable<string> Parts(string text)
    {
        for (var at = 0; at < text.Length || at == 0;)
        {
            var length = Math.Min(DocumentPartMax, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1])) length--;
            yield return text.Substring(at, length);
            at += Math.Max(1, length);
        }
    }
}
