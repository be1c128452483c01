using System.Globalization;

namespace Tendering.Protocols.Tests;

public class Rfc3797Tests
{
    private static readonly long[][] Sources = [[9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45]];

    [Fact]
    public void The_key_of_the_RFCs_example_comes_out() => Assert.Equal("9319./2.5.8.10.12./9.18.26.34.41.45./", Rfc3797.Key(Sources));

    [Fact]
    public void The_reference_draw_comes_out_line_by_line()
    {
        var folder = Vectors.Folder("rfc3797");
        var sources = File.ReadLines(Path.Combine(folder, "ref.seeds")).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray());
        var names = File.ReadAllLines(Path.Combine(folder, "ref.names"));
        var expected = File.ReadLines(Path.Combine(folder, "ref.results")).Skip(1)
            .Select(line => line.Replace("->", "", StringComparison.Ordinal).Replace("<-", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var drawn = Rfc3797.Select(Rfc3797.Key(sources), names.Length, expected.Length);
        Assert.Equal(16, drawn.Count);
        foreach (var (line, selection) in expected.Zip(drawn))
        {
            string[] actual = [Text(selection.Index), selection.Hash.ToUpperInvariant(), Text(selection.Remaining), Text(selection.PoolNumber)];
            Assert.Equal(line.Take(4), actual);
            Assert.True(line.Length < 5 || line[4] == names[selection.PoolNumber - 1]);
        }
    }

    [Fact]
    public void More_than_the_pool_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Rfc3797.Select("key", 3, 4));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
