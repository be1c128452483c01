namespace Tendering.Tenders.Domain;

/// <summary>Who holds share <see cref="Index"/> (from 1) of what opens the bids, and the key (a P-256 point, base64url) that its share is sealed to.</summary>
public sealed class Custodian
{
    public required Guid TenderId { get; init; }
    public required int Index { get; init; }
    public required Guid OrganisationId { get; init; }
    public required string OrganisationName { get; init; }
    public string? PublicKey { get; set; }
    public DateTimeOffset? RegisteredAt { get; set; }
}
