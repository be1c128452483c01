namespace Tendering.Contracts.ExpertSelection;

/// <summary>The key of the draws' random function (compressed P-256 point, hex) is public; only draws after this moment use it.</summary>
[Event("expert-selection.vrf-key-published")]
public sealed record VrfKeyPublished(Guid KeyId, string PublicKey, DateTimeOffset PublishedAt);
