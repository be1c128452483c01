namespace Tendering.Evaluation.Domain;

/// <summary>A bid's place; price in minor units.</summary>
public sealed record RankedBid(int Rank, Guid BidId, Guid BidderId, string BidderName, long Price);

/// <summary>Lowest evaluated price (经评审的最低投标价法): the price decides and nothing else; equal prices share a rank (1, 1, 3) and no lot is drawn between them.</summary>
public static class Ranking
{
    /// <summary>Within a rank the order is that of the bids' ids: a way to write it down, not a preference.</summary>
    public static RankedBid[] Of(IEnumerable<BidOnRecord> accepted)
    {
        var ordered = accepted.Where(b => b.Price is not null).OrderBy(b => b.Price).ThenBy(b => b.BidId).ToList();
        return [.. ordered.Select(b => new RankedBid(1 + ordered.Count(other => other.Price < b.Price), b.BidId, b.BidderId, b.BidderName, b.Price!.Value))];
    }

    /// <summary>Who stands up to the largest rank that the law lets be a candidate, all of an equal rank included; without such a rule, all.</summary>
    public static RankedBid[] Candidates(IEnumerable<RankedBid> ranking, int? rankMax) => [.. ranking.Where(r => rankMax is null || r.Rank <= rankMax)];
}
