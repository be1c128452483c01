using System.Globalization;
using System.Net;
using System.Text;

namespace Tendering.Escrow.Domain;

/// <summary>A table as one self-contained page for print, Chinese first with English beside. It loads nothing.</summary>
public static class ReportPage
{
    private const string Style = """
        body{font:13px/1.5 "Noto Serif CJK SC","Songti SC",SimSun,serif;margin:2em auto;max-width:80em;padding:0 1em;color:#111}
        h1{text-align:center;font-size:20px;margin:0 0 .5em}small{color:#555;font-size:11px;font-weight:400}h1 small{display:block}
        table{border-collapse:collapse;width:100%;margin-bottom:1em}th,td{border:1px solid #444;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
        th{background:#f2f2f2;font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr{break-inside:avoid}thead{display:table-header-group}
        @media print{body{margin:0;max-width:none}th{background:none}@page{size:A4 landscape;margin:12mm}}
        """;

    public static string Of(ReportTable table)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{Text(table.Chinese)}</title><style>{Style}</style></head><body>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(table.Chinese)}<small>{Text(table.English)}</small></h1><table>");
        foreach (var fact in table.Facts) page.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(fact.Chinese)} <small>{Text(fact.English)}</small></th><td>{Text(fact.Value)}</td></tr>");
        page.Append("</table><table><thead><tr>");
        foreach (var column in table.Columns) page.Append(CultureInfo.InvariantCulture, $"<th>{Text(column.Chinese)}<br><small>{Text(column.English)}</small></th>");
        page.Append("</tr></thead><tbody>");
        foreach (var row in table.Rows)
        {
            page.Append("<tr>");
            foreach (var cell in row) page.Append(cell.IsNumber ? "<td class=\"n\">" : "<td>").Append(Text(cell.Shown)).Append("</td>");
            page.Append("</tr>");
        }
        return page.Append("</tbody></table></body></html>").ToString();
    }

    private static string Text(string value) => WebUtility.HtmlEncode(value);
}
