using Tendering.Evaluation.Domain;

namespace Tendering.Evaluation.Tests.Domain;

public class RankingTests
{
    [Fact]
    public void Equal_prices_share_a_rank_and_the_next_rank_is_skipped() => Assert.Equal([1, 1, 3], Ranking.Of([Some(500), Some(700), Some(500)]).Select(r => r.Rank));

    [Fact]
    public void Candidates_are_all_of_the_ranks_that_the_law_allows_equal_ones_included()
    {
        var ranking = Ranking.Of([Some(1), Some(2), Some(2), Some(2), Some(3)]);
        Assert.Equal([1, 2, 2, 2], Ranking.Candidates(ranking, 3).Select(r => r.Rank));
        Assert.Equal(5, Ranking.Candidates(ranking, null).Length);
    }

    [Fact]
    public void A_ranking_is_a_recomputable_order_on_price_whatever_order_the_bids_come_in()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var run = 0; run < 500; run++)
        {
            var bids = Enumerable.Range(0, random.Next(12)).Select(_ => Some(random.Next(5) == 0 ? null : random.Next(1, 8))).ToArray();
            var ranking = Ranking.Of(bids);
            var shuffled = bids.ToArray();
            random.Shuffle(shuffled);
            Assert.True(ranking.SequenceEqual(Ranking.Of(shuffled)), $"seed {seed}");
            Assert.True(ranking.Length == bids.Count(b => b.Price is not null), $"seed {seed}");
            Assert.True(ranking.All(a => ranking.All(b => a.Price < b.Price == a.Rank < b.Rank && a.Price == b.Price == (a.Rank == b.Rank))), $"seed {seed}");
            Assert.True(ranking.All(r => r.Rank == 1 + bids.Count(b => b.Price < r.Price)), $"seed {seed}");
        }
    }

    private static BidOnRecord Some(long? price) => new(Guid.NewGuid(), Guid.NewGuid(), "B", "C", price, price is null ? "revoked" : null, "m", DateTimeOffset.UnixEpoch);
}
