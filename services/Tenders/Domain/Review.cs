namespace Tendering.Tenders.Domain;

/// <summary>One authority's decision in the dual review (双审制). A rejection ends the round; the next request begins another.</summary>
public sealed class Review
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public required int Round { get; init; }
    public required int Step { get; init; }
    public required Guid AuthorityId { get; init; }
    public required Guid PersonId { get; init; }
    public required bool Approved { get; init; }
    public required string Opinion { get; init; }
    public required DateTimeOffset DecidedAt { get; init; }
}
