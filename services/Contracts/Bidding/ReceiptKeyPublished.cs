namespace Tendering.Contracts.Bidding;

/// <summary>The P-256 key that checks receipts is public; <paramref name="KeyId"/> is its thumbprint (RFC 7638), the coordinates are base64url.</summary>
[Event("bidding.receipt-key-published")]
public sealed record ReceiptKeyPublished(string KeyId, string X, string Y, DateTimeOffset PublishedAt);
