using System.Globalization;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The receipt for people: one page, ready to print, with the signed text itself and a link to the audit log's proof of it.</summary>
public static class GetReceiptPage
{
    private const string Style = """
        body{font:14px/1.6 "Noto Serif CJK SC","Songti SC",SimSun,serif;margin:2em auto;max-width:52em;padding:0 1em;color:#111}
        h1{text-align:center;font-size:22px;margin:0 0 1em}h2{font-size:16px;margin:1.5em 0 .5em}small,.en{color:#555;font-size:12px}h1 .en{display:block}
        table{border-collapse:collapse;width:100%}th,td{border:1px solid #444;padding:.35em .5em;text-align:left;vertical-align:top}th{background:#f2f2f2;font-weight:600;width:14em}
        code{font-size:12px;word-break:break-all}a{color:#8b1a1a}a:focus-visible{outline:2px solid #8b1a1a;outline-offset:2px}
        @media print{body{margin:0;max-width:none}th{background:none}@page{margin:15mm}}
        """;

    private sealed record Shown(Bid Bid, string RuleSetId, bool Stands);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/receipt.html", Handle)
        .AllowRoles(Roles.Bidder).Produces<string>(200, "text/html").WithSummary("The receipt of one's last bid as a page to print")
        .WithDescription("?revision= gives that of an earlier one. The page links to the audit log's proof of the submission (C2SP tlog-proof), which is there some seconds after the bid.");

    private static async Task<ContentHttpResult> Handle(Guid lotId, int? revision, Caller caller, HttpContext http, BiddingDb db, CancellationToken ct)
    {
        var own = db.Bids.AsNoTracking().Where(b => b.LotId == lotId && b.BidderId == caller.Organisation);
        if (revision is { } asked) own = own.Where(b => b.Revision == asked);
        var shown = (await own.OrderByDescending(b => b.Revision)
            .Select(b => new Shown(b, db.Lots.Where(l => l.Id == lotId).Select(l => l.RuleSetId).First(), db.Standings.Any(s => s.BidId == b.Id))).FirstOrDefaultAsync(ct)).Or404("receipt");
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(Page(shown), "text/html; charset=utf-8");
    }

    private static string Page(Shown shown)
    {
        var bid = shown.Bid;
        var time = TimeZoneInfo.ConvertTime(bid.SubmittedAt, RuleSet.Get(shown.RuleSetId).Zone).ToString("yyyy-MM-dd HH:mm:ss.ffffff zzz", CultureInfo.InvariantCulture);
        return $"""
            <!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>投标回执</title><style>{Style}</style></head><body>
            <h1>投标回执<span class="en">Receipt of a sealed bid</span></h1>
            <table>
            {Row("投标编号", "Bid", $"<code>{bid.Id}</code>")}
            {Row("项目 / 标段", "Tender / lot", $"<code>{bid.TenderId}</code><br><code>{bid.LotId}</code>")}
            {Row("投标单位", "Bidder", $"<code>{bid.BidderId}</code>")}
            {Row("版本", "Revision", bid.Revision.ToString(CultureInfo.InvariantCulture))}
            {Row("状态", "State", shown.Stands ? "有效 <small>stands</small>" : "已撤回或已被新版本替换 <small>withdrawn or replaced</small>")}
            {Row("收到时间", "Received", time)}
            {Row("清单哈希", "Manifest's SHA-256", $"<code>{Text(bid.ManifestHash)}</code>")}
            </table>
            <h2>平台签名的回执 <span class="en">The receipt as the platform signed it (JWS)</span></h2>
            <p><code>{Text(bid.Receipt)}</code></p>
            <h2>核验 <span class="en">To check</span></h2>
            <p><a href="/api/supervision/bids/{bid.Id}/proof" download="{bid.Id}.tlog-proof">下载审计日志存证文件 Download the audit log's proof</a><br>
            <span class="en">投递后数秒内可下载，开标前亦可离线核验。 There some seconds after the bid; it can be checked offline, before the opening too: <code>verify receipt</code>.</span></p>
            </body></html>
            """;
    }

    private static string Row(string chinese, string english, string value) => $"<tr><th scope=\"row\">{chinese} <small>{english}</small></th><td>{value}</td></tr>";

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
