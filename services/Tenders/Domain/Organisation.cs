namespace Tendering.Tenders.Domain;

/// <summary>A local copy of who is who, as identity told it.</summary>
public sealed class Organisation
{
    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }
}
