using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

public class ReportTableTests
{
    private static ReportTable Table(params ReportCell[][] rows) => new("表 <1>", "Table & more", [new("时间", "As of", "<now>")], [new("甲", "A"), new("乙", "B, or so")], rows);

    private static string[] Lines(ReportTable table) => ReportCsv.Of(table).TrimStart('\uFEFF').Split("\r\n");

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+86 571", "\"'+86 571\"")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("＝cmd", "'＝cmd")]
    [InlineData("'quoted", "''quoted")]
    [InlineData("8812345678901234", "'8812345678901234")]
    [InlineData("123456789012345", "123456789012345")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a \"b\"\r\nc", "\"a \"\"b\"\"\r\nc\"")]
    [InlineData("西湖市政", "西湖市政")]
    [InlineData("", "")]
    public void A_text_cannot_become_a_formula_or_another_cell(string text, string written)
    {
        var csv = ReportCsv.Of(Table([ReportCell.Text(text), ReportCell.Count(7)]));
        Assert.EndsWith($"\r\n{written},7\r\n", csv, StringComparison.Ordinal);
    }

    [Fact]
    public void A_csv_begins_with_the_mark_that_Excel_needs_and_one_header()
    {
        Assert.Equal('\uFEFF', ReportCsv.Of(Table())[0]);
        Assert.Equal("\"甲 A\",\"乙 B, or so\"", Lines(Table())[0]);
    }

    [Fact]
    public void A_negative_number_stays_a_number() => Assert.Equal("-1234.50,0", Lines(Table([ReportCell.Amount(-123450, "CNY"), ReportCell.Amount(0, "JPY")]))[1]);

    [Theory]
    [InlineData(123456789, "CNY", "1,234,567.89", "1234567.89")]
    [InlineData(123456789, "JPY", "123,456,789", "123456789")]
    [InlineData(5, "CNY", "0.05", "0.05")]
    public void An_amount_is_written_in_units(long minor, string currency, string shown, string plain) =>
        Assert.Equal((plain, shown), (ReportCell.Amount(minor, currency).Plain, ReportCell.Amount(minor, currency).Shown));

    [Fact]
    public void The_page_carries_no_markup_of_others_and_loads_nothing()
    {
        var page = ReportPage.Of(Table([ReportCell.Text("<script>alert(1)</script>"), ReportCell.Text("\"'&")]));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("表 &lt;1&gt;<small>Table &amp; more</small>", page, StringComparison.Ordinal);
        Assert.Contains("&lt;now&gt;", page, StringComparison.Ordinal);
        foreach (var loading in new[] { "src=", "href=", "url(", "@import" }) Assert.DoesNotContain(loading, page, StringComparison.Ordinal);
    }
}
