namespace Tendering.Contracts.Platform;

/// <summary>
/// A document of a tender became public, whole or as part <paramref name="Part"/> (from 1) of <paramref name="Parts"/>; <paramref name="Sha256"/> is over the UTF-8 of all parts together.
/// <paramref name="Subject"/>: what it is of (a notice, a lot, a draw).
/// </summary>
[Event("platform.document-published")]
public sealed record DocumentPublished(
    Guid TenderId, string Kind, Guid Subject, string Sha256, int Part, int Parts, string Text, DateTimeOffset PublishedAt) : ITenderEvent;
