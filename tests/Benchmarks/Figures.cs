using System.Globalization;

namespace Tendering.Benchmarks;

/// <summary>One result a line, for people and for programs.</summary>
internal static class Figures
{
    public static void Figure(string name, double value, string unit) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FIGURE {name} {value:0.##} {unit}"));
    public static void Ratio(string name, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"RATIO {name} {value:0.###}"));

    /// <summary>The value below which a share of the sorted sample lies.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
}
