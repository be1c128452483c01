namespace Tendering.Contracts.BidOpening;

/// <summary>The key of the random function that draws coefficients (compressed P-256 point, hex) is public; only tenders published after this moment use it.</summary>
[Event("bid-opening.coefficient-key-published")]
public sealed record CoefficientKeyPublished(Guid KeyId, string PublicKey, DateTimeOffset PublishedAt);
