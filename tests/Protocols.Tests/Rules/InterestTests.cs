namespace Tendering.Protocols.Tests.Rules;

public class InterestTests
{
    private static DateOnly Day(string text) => DateOnly.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    // 200,000.00 yuan: 20,000,000 fen x days x percent / 36,000.
    [Theory]
    [InlineData(20_000_000, "2026-03-02", "2026-04-01", 833)]           // 30 days at 0.05: 833.33
    [InlineData(20_000_000, "2026-03-02", "2026-03-29", 750)]           // 27 days: exactly 750
    [InlineData(20_000_000, "2026-03-02", "2026-03-03", 28)]            // 27.78
    [InlineData(20_000_000, "2026-03-02", "2026-03-02", 0)]
    [InlineData(20_000_000, "2026-03-02", "2026-02-01", 0)]
    [InlineData(36_000, "2026-03-02", "2026-06-10", 5)]                 // 100 days: exactly 5
    public void Interest_is_by_real_days_over_360(long principal, string from, string until, long amount) =>
        Assert.Equal(amount, Interest.Of(principal, "cn-demand-deposit", 1, Day(from), Day(until)).Amount);

    [Fact]
    public void Half_a_fen_is_rounded_up() =>
        Assert.Equal(1, Interest.Count(3_600, 1, 360, [new InterestSpan(Day("2026-01-01"), Day("2026-04-11"), 100, 0.05m)]));

    [Fact]
    public void Each_day_takes_the_rate_of_that_day_and_the_sum_is_rounded_once()
    {
        var statement = Interest.Of(80_000_000, "cn-demand-deposit", 1, Day("2024-07-01"), Day("2024-11-01"));
        Assert.Equal([(24, 0.20m), (85, 0.15m), (14, 0.10m)], statement.Spans.Select(s => (s.Days, s.Percent)));
        Assert.Equal((long)Math.Round(80_000_000m * (24 * 0.20m + 85 * 0.15m + 14 * 0.10m) / 36_000m, MidpointRounding.AwayFromZero), statement.Amount);
        Assert.True(statement.IsRight);
        Assert.False((statement with { Amount = statement.Amount + 1 }).IsRight);
    }

    [Fact]
    public void A_factor_multiplies_the_rate() => Assert.Equal(2_900 * 6 / 5, Interest.Of(800_000, "cn-loan-base", 1.2m, Day("2026-01-01"), Day("2026-01-31")).Amount);

    [Fact]
    public void The_largest_amount_for_a_lifetime_does_not_overflow() => Assert.True(Interest.Of(1_000_000_000_000_000, "cn-loan-base", 1.2m, Day("2016-01-01"), Day("2116-01-01")).Amount > 0);

    [Fact]
    public void However_a_period_is_cut_its_days_and_rates_are_the_same()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var n = 0; n < 500; n++)
        {
            var from = Day("2011-01-01").AddDays(random.Next(6000));
            var (cut, until) = (from.AddDays(random.Next(2000)), from.AddDays(2000 + random.Next(2000)));
            var (whole, parts) = (Interest.Of(1, "cn-demand-deposit", 1, from, until), new[] { Interest.Of(1, "cn-demand-deposit", 1, from, cut), Interest.Of(1, "cn-demand-deposit", 1, cut, until) });
            var sum = whole.Spans.Sum(s => s.Days * s.Percent);
            Assert.True(sum == parts.SelectMany(p => p.Spans).Sum(s => s.Days * s.Percent), $"seed {seed}");
            Assert.True(whole.Spans.Sum(s => s.Days) == until.DayNumber - from.DayNumber, $"seed {seed}");
            Assert.True(whole.Spans.Zip(whole.Spans.Skip(1)).All(p => p.First.Until == p.Second.From), $"seed {seed}");
        }
    }

    [Fact]
    public void Every_rule_set_says_what_its_deposits_bear()
    {
        foreach (var rules in RuleSet.All)
        {
            var bears = new[] { RuleKey.InterestLoser, RuleKey.InterestWinner, RuleKey.InterestFailed }.Any(k => rules.Find(k) is not null);
            Assert.NotEqual(bears, rules.Find(RuleKey.NoInterest) is not null);
            if (bears) Assert.NotEmpty(Interest.RatesOf(rules.Get(RuleKey.InterestRate).Value));
            if (rules.Find(RuleKey.LateInterest) is { } late) Assert.True(late.Number > 1 && Interest.RatesOf(rules.Get(RuleKey.LateInterestRate).Value).Count > 0);
        }
    }
}
