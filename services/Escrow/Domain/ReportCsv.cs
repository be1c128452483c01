using System.Text;

namespace Tendering.Escrow.Domain;

/// <summary>
/// A table as CSV (RFC 4180: comma, CRLF, quotes doubled), one header line, UTF-8 with a byte order mark, without which a Chinese Excel
/// reads GBK. A text that a spreadsheet would run as a formula, or round since it is a long row of digits, has an apostrophe in front;
/// so has one that begins with an apostrophe: who takes exactly one away has the text.
/// </summary>
public static class ReportCsv
{
    // A spreadsheet keeps fifteen digits of a number.
    private const int DigitsMax = 15;

    public static string Of(ReportTable table)
    {
        var text = new StringBuilder("\uFEFF");
        Line(table.Columns.Select(c => Quoted($"{c.Chinese} {c.English}")));
        foreach (var row in table.Rows) Line(row.Select(cell => cell.IsNumber ? cell.Plain : Quoted(Guarded(cell.Plain))));
        return text.ToString();

        void Line(IEnumerable<string> cells) => text.AppendJoin(',', cells).Append("\r\n");
    }

    private static string Guarded(string text) =>
        text.Length > 0 && (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\'' or '＝' or '＋' or '－' or '＠' || (text.Length > DigitsMax && text.All(char.IsAsciiDigit))) ? "'" + text : text;

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n ") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
