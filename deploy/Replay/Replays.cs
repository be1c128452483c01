using Spectre.Console;
using Tendering.Replay.Auctions;
using Tendering.Replay.Client;
using Tendering.Replay.Playing;

namespace Tendering.Replay;

/// <summary>The command `replay`: reads the file, plays it, tells every difference from history.</summary>
internal static class Replays
{
    public static async Task<int> RunAsync(string path, Options options, Func<string, int, Task>? afterStep, CancellationToken ct)
    {
        var file = AuctionFile.Read(path);
        foreach (var remark in file.Remarks) Console.WriteLine($"note: {remark}");
        if (file.Problems.Count > 0)
        {
            foreach (var problem in file.Problems.Take(50)) await Console.Error.WriteLineAsync(problem.ToString());
            await Console.Error.WriteLineAsync($"{file.Problems.Count} problem(s) in {Path.GetFileName(path)}: nothing was played.");
            return 2;
        }
        var auctions = file.Auctions.Take(options.Limit ?? int.MaxValue).ToList();
        using var market = await Market.EnterAsync(options.Gateway, options.Bank, options.Password, ct);
        ReplayRun? run = null;
        var result = await ProgressBoard.ShowAsync(progress =>
        {
            run = new ReplayRun(market, file, auctions, options.Parallel, progress) { AfterStep = afterStep ?? ((_, _) => Task.CompletedTask) };
            return run.PlayAsync(ct);
        });
        Show(run!.Games);
        if (!result.Balanced) Console.WriteLine("The ledger does not balance.");
        if (!result.Account.Agrees) Console.WriteLine($"The bank's account and the books differ. {result.Account}");
        Console.WriteLine(result);
        var bids = auctions.Sum(a => a.Bids.Count);
        return result.SameWinner == result.Tenders && result.Deposits == bids && result.Refunded == bids && result.Gaps == 0 && result.Balanced && result.Account.Agrees ? 0 : 1;
    }

    private static void Show(IReadOnlyList<Game> games)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("auction", "bids", "rejected", "winner", "price", "refunds", "same");
        foreach (var game in games)
            table.AddRow(Markup.Escape(game.Auction.Id), $"{game.Auction.Bids.Count}", $"{game.Auction.Bids.Count(b => !game.Auction.IsValid(b))}", Markup.Escape(game.Winner ?? "-"),
                $"{game.Auction.Winner.Price:N0}", $"{game.Refunded}", game.SameWinner ? "yes" : "NO");
        AnsiConsole.Write(table);
        foreach (var game in games.Where(g => g.Problem is not null)) Console.WriteLine($"auction {game.Auction.Id}: {game.Problem}");
    }
}
