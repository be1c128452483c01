using System.Text;
using Tendering.Replay.Auctions;

namespace Tendering.Scenarios;

public class AuctionFileTests
{
    private const string Header = "auction_id,title,details,ceiling_price_jpy,minimum_price_jpy,bidder_id,bidder,bid_jpy,won,remark";

    public static TheoryData<string, string> WrongFiles => new()
    {
        { $"{Header}\n1,t,d,1000,,,,,0,\n", "the auction has no bids" },
        { $"{Header}\n1,t,d,1000,,8,eight,900,1,\n1,t,d,1000,,8,eight,950,0,\n", "bidder 8 bids twice" },
        { $"{Header}\n1,t,d,-5,,8,eight,900,1,\n", "ceiling_price_jpy is '-5'" },
        { $"{Header}\n1,t,d,1000,,8,eight,99999999999999999999,1,\n", "bid_jpy is '99999999999999999999'" },
        { $"{Header}\n1,t,d,1000,,8,eight,0,1,\n", "must lie between 1 and" },
        { $"{Header}\n1,t,d,1000,2000,8,eight,900,1,\n", "the minimum price 2000 is above the ceiling price 1000" },
        { $"{Header}\n1,t,d,1000,,8,eight,900,0,\n", "0 bids have won=1" },
        { $"{Header}\n1,t,d,1000,,8,eight,900,1,\n1,t,d,1001,,9,nine,901,0,\n", "differs from the auction's first row" },
        { Header.Replace(",bidder,", ",", StringComparison.Ordinal) + "\n", "The column bidder is missing" },
        { $"{Header}\n", "no rows" },
        { "", "empty" },
    };

    [Theory, MemberData(nameof(WrongFiles))]
    public void A_wrong_file_is_refused_with_the_reason(string text, string reason)
    {
        var file = Read(Encoding.UTF8.GetBytes(text));
        Assert.Contains(file.Problems, p => p.ToString().Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Another_encoding_is_named_with_its_line()
    {
        byte[] gb18030 = [.. Encoding.ASCII.GetBytes($"{Header}\n1,"), 0xC7, 0xC5, 0xC1, 0xBA, .. Encoding.ASCII.GetBytes(",d,1000,,8,eight,900,1,\n")];
        Assert.Contains("line 2: The file is not UTF-8", Read(gb18030).Problems.Single().ToString(), StringComparison.Ordinal);
        Assert.Contains("UTF-16", Read([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Header)]).Problems.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_given_auctions_read_whole_and_agree_with_their_own_rules()
    {
        var file = AuctionFile.Read(LocalSystem.Auctions());
        Assert.Empty(file.Problems);
        Assert.Equal((116, 518), (file.Auctions.Count, file.Auctions.Sum(a => a.Bids.Count)));
        Assert.All(file.Auctions, a => Assert.Equal(a.Winner.Price, a.Bids.Where(a.IsValid).Min(b => b.Price)));
    }

    private static AuctionFile Read(byte[] content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"auctions-{Guid.NewGuid():N}.csv");
        File.WriteAllBytes(path, content);
        try { return AuctionFile.Read(path); }
        finally { File.Delete(path); }
    }
}
