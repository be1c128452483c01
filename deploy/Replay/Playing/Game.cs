using Tendering.Replay.Auctions;
using Tendering.Replay.Client;

namespace Tendering.Replay.Playing;

/// <summary>One auction being played as a tender of one lot.</summary>
public sealed class Game(Auction auction, long deposit)
{
    public Auction Auction { get; } = auction;

    /// <summary>What each bidder secures its bid with, in minor units.</summary>
    public long Deposit { get; } = deposit;

    public Tender Tender { get; set; } = null!;
    public Guid Lot { get; set; }
    public Guid Draw { get; set; }
    public DateTimeOffset PublicityEndsAt { get; set; }
    public IReadOnlyList<CandidateAnswer> Candidates { get; set; } = [];
    public string? Winner { get; set; }
    public int Refunded { get; set; }
    public int Secured { get; set; }
    public int Forfeited { get; set; }
    public int Events { get; set; }

    /// <summary>Why this game could not go on or differs from history; null while all is well.</summary>
    public string? Problem { get; set; }

    public bool SameWinner => Problem is null && Winner == Auction.Winner.BidderName;

    /// <summary>Holds a fact against history.</summary>
    public void Expect(bool holds, string otherwise)
    {
        if (!holds) Problem ??= otherwise;
    }
}
