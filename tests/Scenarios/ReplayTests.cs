using System.Text.RegularExpressions;
using Tendering.Replay.Client;

namespace Tendering.Scenarios;

[Collection(nameof(LocalSystem))]
public partial class ReplayTests(LocalSystem system)
{
    // What the bank has on the escrow account is what the books say, and the interest that refunds bore has been credited.
    private async Task<long> BankAgreesAsync(string currency)
    {
        using var market = await system.EnterMarketAsync();
        var ct = TestContext.Current.CancellationToken;
        var (bank, interest) = (await BalanceAsync("bank"), await BalanceAsync("interest"));
        var atBank = await market.Bank.EscrowBalanceAsync(currency, ct);
        Assert.Equal(atBank, bank.Debits - bank.Credits);
        Assert.True(atBank >= 0, $"The escrow account stands at {atBank}.");
        Assert.Equal(interest.Debits, interest.Credits);
        var stated = (await market.Bank.StatementsAsync(currency, ct))[0];
        Assert.Equal(atBank, stated.Closing);
        var day = await market.Finance.GetAsync<DayReconciliation>($"api/escrow/days/{stated.Day:yyyy-MM-dd}/reconciliation?currency={currency}", ct);
        Assert.Empty(day.Report.Differences);
        return interest.Credits;

        Task<AccountBalance> BalanceAsync(string account) => market.Finance.GetAsync<AccountBalance>($"api/escrow/accounts/{account}:{currency.ToLowerInvariant()}/balance", ct);
    }

    [Fact]
    public async Task Real_auctions_end_with_the_winners_that_history_had()
    {
        var (code, output) = await LocalSystem.ReplayAsync("replay", LocalSystem.Auctions(), "--limit", "8");
        var result = Result(output);
        Assert.True(code == 0, output);
        Assert.Equal((8, 8, 0), (Number(result, "tenders"), Number(result, "same_winner"), Number(result, "gaps")));
        Assert.Equal(Number(result, "deposits"), Number(result, "refunded"));
        Assert.Equal(0, Number(result, "forfeited"));
        Assert.Equal(0, await BankAgreesAsync("JPY"));                     // this law knows no interest
    }

    [Fact]
    public async Task Killed_services_broker_and_database_lose_nothing_and_do_nothing_twice()
    {
        var (code, output) = await LocalSystem.ReplayAsync("chaos", "--file", LocalSystem.Auctions(), "--limit", "20");
        var result = Result(output);
        Assert.True(code == 0, output);
        Assert.Equal((20, 20, 0), (Number(result, "tenders"), Number(result, "same_winner"), Number(result, "gaps")));
        Assert.Contains("CHAOS strikes=3 result=same", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demonstration_plays_and_plays_again()
    {
        var interest = 0L;
        for (var time = 0; time < 2; time++)
        {
            var (code, output) = await LocalSystem.ReplayAsync("demo");
            Assert.True(code == 0, output);
            foreach (var refusal in new[] { "debarred", "A33", "lot 3 has fewer than three bidders", "to the fen", "without a difference" }) Assert.Contains(refusal, output, StringComparison.Ordinal);
            var credited = await BankAgreesAsync("CNY");
            Assert.True(credited > interest, "This time the bank credited no interest.");
            interest = credited;
        }
    }

    [Fact]
    public async Task Equal_lowest_bids_and_a_bid_above_the_ceiling_are_played_as_history_decided()
    {
        var file = await WriteAsync("""
            auction_id,title,details,ceiling_price_jpy,minimum_price_jpy,bidder_id,bidder,bid_jpy,won,remark
            e1,bridge,paint,100000,80000,1,first works,90000,0,
            e1,bridge,paint,100000,80000,2,second works,90000,1,
            e1,bridge,paint,100000,80000,3,third works,100001,0,above
            e1,bridge,paint,100000,80000,4,fourth works,79999,0,below the minimum limit price
            """);
        var (code, output) = await LocalSystem.ReplayAsync("replay", file);
        Assert.True(code == 0, output);
        Assert.Contains("2 bids share the lowest price", output, StringComparison.Ordinal);
        Assert.Equal((1, 1, 4, 4), (Number(Result(output), "tenders"), Number(Result(output), "same_winner"), Number(Result(output), "deposits"), Number(Result(output), "refunded")));
    }

    [Fact]
    public async Task Refunds_with_interest_leave_nothing_missing_at_the_bank()
    {
        var file = await WriteAsync("""
            auction_id,title,details,ceiling_price_fen,minimum_price_fen,bidder_id,bidder,bid_fen,won,remark
            f1,bridge,paint,3000000000,,1,first works,2900000000,0,
            f1,bridge,paint,3000000000,,2,second works,2800000000,1,
            f1,bridge,paint,3000000000,,3,third works,2950000000,0,
            """);
        var (code, output) = await LocalSystem.ReplayAsync("replay", file);
        Assert.True(code == 0, output);
        Assert.True(await BankAgreesAsync("CNY") > 0);
    }

    [Fact]
    public async Task A_winner_that_the_rules_cannot_give_is_a_difference()
    {
        var file = await WriteAsync("""
            auction_id,title,details,ceiling_price_jpy,minimum_price_jpy,bidder_id,bidder,bid_jpy,won,remark
            d1,road,repair,100000,,1,alpha works,90000,0,
            d1,road,repair,100000,,2,beta works,95000,1,
            """);
        var (code, output) = await LocalSystem.ReplayAsync("replay", file);
        Assert.Equal(1, code);
        Assert.Contains("in history to beta works", output, StringComparison.Ordinal);
    }

    private static async Task<string> WriteAsync(string text)
    {
        var path = Path.Combine(Path.GetTempPath(), $"auctions-{Guid.NewGuid():N}.csv");
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private static string Result(string output) => ResultLine().Match(output) is { Success: true } line ? line.Value : throw new InvalidOperationException(output);
    private static int Number(string result, string name) => int.Parse(Regex.Match(result, $@"\b{name}=(\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^REPLAY tenders=.*$", RegexOptions.Multiline)]
    private static partial Regex ResultLine();
}
