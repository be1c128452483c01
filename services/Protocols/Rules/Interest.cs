using System.Collections.Frozen;
using System.Globalization;

namespace Tendering.Protocols;

/// <summary>A yearly rate in percent that holds from a day on. <paramref name="Basis"/>: the days by which a year's interest is divided.</summary>
public sealed record InterestRate(DateOnly From, decimal Percent, int Basis, string Source, string Confidence);

/// <summary>Days at one rate; the first counts, the last (<paramref name="Until"/>) does not.</summary>
public sealed record InterestSpan(DateOnly From, DateOnly Until, int Days, decimal Percent);

/// <summary>
/// Interest and all that a stranger needs to count it again. Amounts in minor units; the amount is the sum over the spans of
/// principal × days × percent × factor, divided by 100 × basis, rounded once, half up.
/// </summary>
public sealed record InterestStatement(long Principal, string Table, decimal Factor, int Basis, InterestSpan[] Spans, long Amount)
{
    public bool IsRight => Amount == Interest.Count(Principal, Factor, Basis, Spans);
}

/// <summary>
/// Simple interest by day from the dated tables of rates: real days, the day on which the money comes counts and the day on which it goes
/// does not (算头不算尾), each day at the rate of that day, one rounding at the end.
/// </summary>
public static class Interest
{
    private static readonly Lazy<FrozenDictionary<string, InterestRate[]>> Tables = new(() => Table.Read("interest-rates.csv").Skip(1)
        .GroupBy(r => r[0]).ToFrozenDictionary(g => g.Key, g => g.Select(RateOf).OrderBy(r => r.From).ToArray()));

    /// <summary>The rates of a table, oldest first.</summary>
    /// <exception cref="KeyNotFoundException">There is no such table.</exception>
    public static IReadOnlyList<InterestRate> RatesOf(string table) => Tables.Value.GetValueOrDefault(table) ?? throw new KeyNotFoundException($"There is no table of rates '{table}'.");

    /// <summary>Interest on a principal from one day up to another; none where the last is not after the first. Days before the oldest rate take that rate.</summary>
    public static InterestStatement Of(long principal, string table, decimal factor, DateOnly from, DateOnly until)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(principal);
        var rates = RatesOf(table);
        var spans = new List<InterestSpan>();
        for (var n = 0; n < rates.Count; n++)
        {
            var (start, end) = (n == 0 || rates[n].From < from ? from : rates[n].From, n + 1 < rates.Count && rates[n + 1].From < until ? rates[n + 1].From : until);
            if (end > start) spans.Add(new InterestSpan(start, end, end.DayNumber - start.DayNumber, rates[n].Percent));
        }
        var basis = rates[0].Basis;
        return new InterestStatement(principal, table, factor, basis, [.. spans], Count(principal, factor, basis, spans));
    }

    /// <summary>The amount by its formula.</summary>
    public static long Count(long principal, decimal factor, int basis, IEnumerable<InterestSpan> spans) =>
        (long)Math.Round(spans.Sum(s => (decimal)principal * s.Days * s.Percent * factor) / (100m * basis), MidpointRounding.AwayFromZero);

    private static InterestRate RateOf(string[] row) => new(DateOnly.Parse(row[1], CultureInfo.InvariantCulture), decimal.Parse(row[2], CultureInfo.InvariantCulture),
        int.Parse(row[3], CultureInfo.InvariantCulture), row[4], row[5]);
}
