using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Tendering.Protocols;

namespace Tendering.Replay.Auctions;

/// <summary>
/// Reads a file of past auctions, one row a bid (docs/operations/replay.md). A file with a problem is not played: each is named with
/// its line, so that nobody has to guess which auction was left out.
/// </summary>
public sealed class AuctionFile
{
    public const long SizeMax = 64 * 1024 * 1024, PriceMax = 1_000_000_000_000_000;
    public const int BidsMax = 1_000, TextMax = 200;

    private readonly List<AuctionProblem> _problems = [];
    private readonly List<Row> _rows = [];

    public IReadOnlyList<AuctionProblem> Problems => _problems;
    public IReadOnlyList<Auction> Auctions { get; private set; } = [];

    /// <summary>What is worth knowing and no reason to refuse the file.</summary>
    public IReadOnlyList<string> Remarks { get; private set; } = [];

    public AuctionTerms Terms { get; private set; } = AuctionTerms.All[0];

    public static AuctionFile Read(string path)
    {
        var file = new AuctionFile();
        if (!File.Exists(path)) file.Problem(0, "", $"There is no file {path}.");
        else if (new FileInfo(path).Length > SizeMax) file.Problem(0, "", $"The file is larger than {SizeMax / 1024 / 1024} MiB.");
        else if (file.Text(File.ReadAllBytes(path)) is { } text && file.ReadRows(text)) file.Auctions = file.Gather();
        return file;
    }

    private string? Text(byte[] bytes)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            Problem(1, "", "The file is UTF-16; save it as UTF-8.");
            return null;
        }
        try { return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes is [0xEF, 0xBB, 0xBF, .. var rest] ? rest : bytes); }
        catch (DecoderFallbackException e)
        {
            var line = 1 + bytes.AsSpan(0, Math.Clamp(e.Index, 0, bytes.Length)).Count((byte)'\n');
            Problem(line, "", "The file is not UTF-8 from here on; convert it first, for example: iconv -f GB18030 -t UTF-8 (or -f SHIFT_JIS).");
            return null;
        }
    }

    private bool ReadRows(string text)
    {
        using var csv = new CsvReader(new StringReader(text), new CsvConfiguration(CultureInfo.InvariantCulture) { MissingFieldFound = null, BadDataFound = null, TrimOptions = TrimOptions.Trim });
        if (!csv.Read() || !csv.ReadHeader())
        {
            Problem(1, "", "The file is empty.");
            return false;
        }
        var header = csv.HeaderRecord!;
        Terms = AuctionTerms.All.FirstOrDefault(t => header.Contains("bid_" + t.Suffix)) ?? AuctionTerms.All[0];
        foreach (var needed in new[] { "auction_id", "title", "ceiling_price_" + Terms.Suffix, "minimum_price_" + Terms.Suffix, "bidder_id", "bidder", "bid_" + Terms.Suffix, "won" }.Except(header))
            Problem(1, "", $"The column {needed} is missing; there are: {string.Join(", ", header)}.");
        if (_problems.Count > 0) return false;
        while (csv.Read()) ReadRow(csv);
        if (_rows.Count == 0 && _problems.Count == 0) Problem(1, "", "The file has a header and no rows.");
        return true;
    }

    private void ReadRow(CsvReader csv)
    {
        string Cell(string name) => csv.TryGetField<string>(name, out var value) ? value ?? "" : "";
        var (line, id) = (csv.Parser.RawRow, Cell("auction_id"));
        if (id.Length is 0 or > 60) { Problem(line, "", "auction_id must have 1 to 60 characters."); return; }
        foreach (var name in new[] { "title", "details", "bidder", "remark" })
            if (Cell(name).Length > TextMax) Problem(line, id, $"{name} is longer than {TextMax} characters.");
        var ceiling = Price(line, id, "ceiling_price_" + Terms.Suffix, Cell("ceiling_price_" + Terms.Suffix), optional: false);
        var minimum = Price(line, id, "minimum_price_" + Terms.Suffix, Cell("minimum_price_" + Terms.Suffix), optional: true);
        if (Cell("bidder_id").Length == 0 && Cell("bid_" + Terms.Suffix).Length == 0) { _rows.Add(new Row(line, id, Cell("title"), Cell("details"), ceiling, minimum, null)); return; }
        if (Cell("bidder_id").Length is 0 or > 60) Problem(line, id, "bidder_id must have 1 to 60 characters.");
        if (Cell("bidder").Length == 0) Problem(line, id, "bidder (the name) is empty.");
        if (Cell("won") is not ("0" or "1")) Problem(line, id, $"won is '{Cell("won")}'; it may be 0 or 1.");
        var price = Price(line, id, "bid_" + Terms.Suffix, Cell("bid_" + Terms.Suffix), optional: false);
        _rows.Add(new Row(line, id, Cell("title"), Cell("details"), ceiling, minimum, new AuctionBid(Cell("bidder_id"), Cell("bidder"), price ?? 0, Cell("won") == "1", Cell("remark"))));
    }

    private long? Price(int line, string auction, string column, string text, bool optional)
    {
        if (text.Length == 0 && optional) return null;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var price)) Problem(line, auction, $"{column} is '{(text.Length > 40 ? text[..40] + "…" : text)}'; it must be a whole number without signs or separators.");
        else if (price is 0 or > PriceMax) Problem(line, auction, $"{column} is {price}; it must lie between 1 and {PriceMax}.");
        else return price;
        return null;
    }

    private List<Auction> Gather()
    {
        var (auctions, remarks) = (new List<Auction>(), new List<string>());
        foreach (var rows in _rows.GroupBy(r => r.Auction))
        {
            var first = rows.First();
            var bids = rows.Where(r => r.Bid is not null).Select(r => r.Bid!).ToList();
            Check(rows.Key, rows.ToList(), bids);
            if (first.Ceiling is not { } ceiling || bids.Count == 0 || bids.Count(b => b.Won) != 1) continue;
            var auction = new Auction(rows.Key, first.Title, first.Details, ceiling, first.Minimum, bids);
            auctions.Add(auction);
            Remark(auction, remarks);
        }
        Remarks = remarks;
        return auctions;
    }

    private void Check(string id, List<Row> rows, List<AuctionBid> bids)
    {
        var first = rows[0];
        foreach (var row in rows.Where(r => r.Ceiling != first.Ceiling || r.Minimum != first.Minimum)) Problem(row.Line, id, "ceiling or minimum price differs from the auction's first row.");
        if (first.Minimum > first.Ceiling) Problem(first.Line, id, $"the minimum price {first.Minimum} is above the ceiling price {first.Ceiling}.");
        var rules = RuleSet.Get(Terms.RuleSet);
        if (first.Minimum is not null && rules.Find(RuleKey.FloorPriceAllowed) is null) Problem(first.Line, id, $"a minimum price is not allowed under this rule set ({rules.Find(RuleKey.FloorPrice)?.Article}).");
        if (bids.Count == 0) Problem(first.Line, id, "the auction has no bids.");
        if (bids.Count > BidsMax) Problem(first.Line, id, $"more than {BidsMax} bids.");
        foreach (var twice in rows.Where(r => r.Bid is not null).GroupBy(r => r.Bid!.BidderId).Where(g => g.Count() > 1))
            Problem(twice.Last().Line, id, $"bidder {twice.Key} bids twice: one bid a bidder and lot.");
        if (bids.Count > 0 && bids.Count(b => b.Won) != 1) Problem(first.Line, id, $"{bids.Count(b => b.Won)} bids have won=1; exactly one must.");
    }

    private static void Remark(Auction auction, List<string> remarks)
    {
        var valid = auction.Bids.Where(auction.IsValid).ToList();
        var lowest = valid.Count == 0 ? (long?)null : valid.Min(b => b.Price);
        if (!auction.IsValid(auction.Winner)) remarks.Add($"auction {auction.Id}: the winner's bid {auction.Winner.Price} lies {(auction.Winner.Price > auction.CeilingPrice ? "above the ceiling price" : "below the minimum price")}; the system will reject it.");
        else if (auction.Winner.Price != lowest) remarks.Add($"auction {auction.Id}: the winner's bid {auction.Winner.Price} is not the lowest valid one ({lowest}); the system will award another.");
        else if (valid.Count(b => b.Price == lowest) > 1) remarks.Add($"auction {auction.Id}: {valid.Count(b => b.Price == lowest)} bids share the lowest price {lowest}; the buyer chooses among them with a reason, as history did.");
        foreach (var above in auction.Bids.Where(b => b.Price > auction.CeilingPrice && !b.Won)) remarks.Add($"auction {auction.Id}: bidder {above.BidderId} bids {above.Price}, above the ceiling price {auction.CeilingPrice}; it will be rejected.");
    }

    private void Problem(int line, string auction, string message) => _problems.Add(new AuctionProblem(line, auction, message));

    private sealed record Row(int Line, string Auction, string Title, string Details, long? Ceiling, long? Minimum, AuctionBid? Bid);
}
