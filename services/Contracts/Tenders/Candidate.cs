namespace Tendering.Contracts.Tenders;

/// <summary>A candidate for the award; equal prices share a rank. Price in minor units.</summary>
public sealed record Candidate(int Rank, Guid BidId, Guid BidderId, string BidderName, long Price, string Currency);
