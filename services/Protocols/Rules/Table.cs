namespace Tendering.Protocols;

/// <summary>The embedded tables of law. No cell holds a comma or a quote; a row of another width is a fault in the data.</summary>
internal static class Table
{
    private const string Prefix = "Tendering.Protocols.Rules.Data.";

    public static IEnumerable<string> Names(string start) =>
        typeof(Table).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix + start, StringComparison.Ordinal)).Select(n => n[Prefix.Length..]);

    public static List<string[]> Read(string name)
    {
        using var reader = new StreamReader(typeof(Table).Assembly.GetManifestResourceStream(Prefix + name) ?? throw new FileNotFoundException($"There is no table {name}."));
        var rows = new List<string[]>();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            if (rows.Count > 0 && cells.Length != rows[0].Length) throw new InvalidDataException($"{name}, line {rows.Count + 1}: {cells.Length} cells in place of {rows[0].Length}.");
            rows.Add(cells);
        }
        return rows;
    }
}
