namespace Tendering.Replay.Auctions;

/// <summary>One past auction: what was asked, who bid what, who won. Prices in minor units of the currency.</summary>
public sealed record Auction(string Id, string Title, string Details, long CeilingPrice, long? MinimumPrice, IReadOnlyList<AuctionBid> Bids)
{
    public AuctionBid Winner => Bids.Single(b => b.Won);

    /// <summary>At or below the ceiling price and, where there is one, at or above the minimum price.</summary>
    public bool IsValid(AuctionBid bid) => bid.Price <= CeilingPrice && (MinimumPrice is null || bid.Price >= MinimumPrice);
}

public sealed record AuctionBid(string BidderId, string BidderName, long Price, bool Won, string Remark);

/// <summary>The money and the law that a file's columns speak of.</summary>
public sealed record AuctionTerms(string Suffix, string Currency, string RuleSet)
{
    public static IReadOnlyList<AuctionTerms> All { get; } = [new("jpy", "JPY", "jp-municipal"), new("fen", "CNY", "cn-tendering")];
}

/// <summary>Something in the file that makes it unplayable, where it stands.</summary>
public sealed record AuctionProblem(int Line, string Auction, string Message)
{
    public override string ToString() => $"line {Line}{(Auction.Length > 0 ? $", auction {Auction}" : "")}: {Message}";
}
