using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The opening record for people: one page, ready to print, in Chinese with English beside, with nothing to load.</summary>
public static class GetRecordPage
{
    private const string Style = """
        body{font:14px/1.5 "Noto Serif CJK SC","Songti SC",SimSun,serif;margin:2em auto;max-width:60em;padding:0 1em;color:#111}
        h1{text-align:center;font-size:22px;margin:0}h2{font-size:16px;margin:1.5em 0 .5em}small,.en{color:#555;font-size:12px}h1 .en{display:block}
        table{border-collapse:collapse;width:100%}th,td{border:1px solid #444;padding:.35em .5em;text-align:left;vertical-align:top}th{background:#f2f2f2;font-weight:600}
        td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:11px;word-break:break-all}tr{break-inside:avoid}
        @media print{body{margin:0;max-width:none}th{background:none}@page{margin:15mm}}
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/record.html", Handle).AllowEveryone().WithSummary("The opening record as a page to print");

    private static async Task<ContentHttpResult> Handle(Guid lotId, HttpContext http, BidOpeningDb db, CancellationToken ct)
    {
        var drawn = await GetRecord.FindAsync(lotId, db, ct);
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return TypedResults.Text(Page(OpeningRecord.Read(drawn.Record), drawn.Hash), "text/html; charset=utf-8");
    }

    private static string Page(OpeningRecord record, string hash) => $"""
        <!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>开标记录 {Text(record.TenderNumber)}</title><style>{Style}</style></head><body>
        <h1>开标记录<span class="en">Opening record</span></h1>
        {Facts(record)}
        <h2>开标一览表 <span class="en">Opening schedule</span></h2>
        <table><thead><tr><th>序号<br><small>No.</small></th><th>投标人<br><small>Bidder</small></th><th>报价({Text(record.Currency)})<br><small>Price</small></th><th>工期/交货期(天)<br><small>Days</small></th>
        <th>项目负责人<br><small>Project manager</small></th><th>保证金<br><small>Deposit</small></th><th>投递时间<br><small>Submitted</small></th><th>备注<br><small>Remarks</small></th></tr></thead><tbody>
        {string.Concat(record.Bids.Select(b => Line(b, record)))}
        </tbody></table>
        <h2>密钥保管人 <span class="en">Custodians ({record.Threshold} / {record.Custodians.Count})</span></h2>
        <table><thead><tr><th>序号<br><small>No.</small></th><th>单位<br><small>Organisation</small></th><th>提交时间<br><small>Released</small></th><th>正确分片<br><small>Good shares</small></th><th>错误分片<br><small>Wrong shares</small></th></tr></thead><tbody>
        {string.Concat(record.Custodians.Select(c => $"<tr><td class=\"n\">{c.Index}</td><td>{Text(c.OrganisationName)}</td><td>{(c.ReleasedAt is { } at ? Local(at, record) : "未提交 <small>none</small>")}</td><td class=\"n\">{c.Good}</td><td class=\"n\">{c.Wrong}</td></tr>"))}
        </tbody></table>
        {Coefficients(record)}{Closing(record)}
        <h2>核验 <span class="en">To check</span></h2>
        <p>本记录的机器可读原文及其 SHA-256:<span class="en">This record is one machine-readable text; its SHA-256:</span><br><code>{hash}</code></p>
        <table><thead><tr><th>序号<br><small>No.</small></th><th>清单哈希<br><small>Manifest hash</small></th><th>报价密钥<br><small>Price key</small></th></tr></thead><tbody>
        {string.Concat(record.Bids.Select(b => $"<tr><td class=\"n\">{b.Place}</td><td><code>{Text(b.ManifestHash)}</code></td><td><code>{Text(b.PriceKey ?? "")}</code></td></tr>"))}
        </tbody></table></body></html>
        """;

    private static string Facts(OpeningRecord record)
    {
        var rows = new StringBuilder("<table>");
        void Row(string chinese, string english, string value) => rows.Append(CultureInfo.InvariantCulture, $"<tr><th>{chinese} <small>{english}</small></th><td>{value}</td></tr>");
        Row("项目", "Tender", $"{Text(record.TenderNumber)} {Text(record.TenderTitle)}");
        Row("标段", "Lot", $"{record.LotNumber} {Text(record.LotTitle)}");
        Row("招标人", "Tenderer", Text(record.TendererName));
        Row("招标代理机构", "Agency", Text(record.AgencyName));
        Row("投标截止", "Closed", Local(record.ClosedAt, record));
        Row("开标时间", "Opened", $"{Local(record.StartedAt, record)} – {Local(record.AnnouncedAt ?? record.CompletedAt!, record)}");
        if (record.ReadingOrder is { } order) Row("唱标顺序", "Reading order", $"按公布时间、截止名单序号 <small>{Text(order)}</small>");
        Row("截止名单哈希", "Closing list", $"<code>{Text(record.ClosingListHash)}</code>");
        return rows.Append("</table>").ToString();
    }

    private static string Coefficients(OpeningRecord record) => record.Coefficients is not { } draw ? "" : $"""
        <h2>随机系数 <span class="en">Random coefficients</span></h2>
        <table><thead><tr><th>名称<br><small>Name</small></th><th>候选值<br><small>Values</small></th><th>抽取结果<br><small>Drawn</small></th></tr></thead><tbody>
        {string.Concat(draw.Drawn.Select(d => $"<tr><td>{Text(d.Name)}</td><td>{Text(string.Join(" / ", d.Values))}</td><td class=\"n\">{Text(d.Value)}</td></tr>"))}
        </tbody></table><p class="en">Proof of the random function: <code>{Text(draw.Proof)}</code>, key <code>{Text(draw.VrfPublicKey)}</code>, {draw.Inputs.Count} price keys.</p>
        """;

    private static string Closing(OpeningRecord record) => record.Closing is not { } closing ? "" : $"""
        <h2>到场与确认 <span class="en">Present and signed</span></h2>
        <table><thead><tr><th>身份<br><small>As</small></th><th>单位<br><small>Organisation</small></th><th>签到<br><small>Signed in</small></th><th>确认<br><small>Signed</small></th></tr></thead><tbody>
        {string.Concat(closing.Present.Select(p => $"<tr><td>{PartyText(p.Party)}</td><td>{Text(p.OrganisationName)}</td><td>{Local(p.SignedInAt, record)}</td><td>{(p.SignedAt is { } at ? $"{Local(at, record)} <small>{Text(p.Way!)}</small>" : "未表示 <small>silent</small>")}</td></tr>"))}
        </tbody></table>
        <h2>开标异议 <span class="en">Objections at the opening</span></h2>
        {(closing.Objections.Count == 0 ? "<p>无 <small>none</small></p>" : "")}
        {string.Concat(closing.Objections.Select(o => $"<p>{o.Number}. {Text(o.BidderName)}, {Local(o.RaisedAt, record)}: {Text(o.Text)}<br>{(o.Answer is { } answer ? $"答复 <small>answer</small> {Local(o.AnsweredAt!, record)}: {Text(answer)}" : "未答复 <small>no answer in time</small>")}</p>"))}
        """;

    private static string PartyText(string party) => party switch
    {
        "bidder" => "投标人 <small>bidder</small>", "agency" => "招标代理机构 <small>agency</small>", "custodian" => "密钥保管人 <small>custodian</small>", "supervisor" => "监督部门 <small>supervisor</small>", _ => "交易中心 <small>centre</small>",
    };

    private static string Line(RecordedBid bid, OpeningRecord record) => $"""
        <tr><td class="n">{bid.Place}</td><td>{Text(bid.BidderName)}<br><small>{Text(bid.SocialCreditCode)}</small></td><td class="n">{(bid.Price is { } price ? Amount(price, record.Currency) : "—")}</td>
        <td class="n">{bid.Schedule?.DeliveryDays}</td><td>{Text(bid.Schedule?.ProjectManager ?? "")}</td><td>{(bid.DepositSecured ? "已缴 <small>secured</small>" : "未缴 <small>none</small>")}</td>
        <td>{Local(bid.SubmittedAt, record)}</td><td>{Remarks(bid)}</td></tr>
        """;

    private static string Remarks(RecordedBid bid)
    {
        var remarks = new List<string>();
        if (bid.Verdict is { } verdict)
        {
            var (chinese, english) = verdict switch { "withdrawn" => ("撤回", "withdrawn"), "revoked" => ("撤销", "revoked"), _ => ("当场否决", "rejected at the opening") };
            remarks.Add($"{chinese} <small>{english}: {Text(bid.Cause!)}, {Text(bid.Fact!)}</small> ({Text(bid.Article!)})");
        }
        if (bid.OpenedBy == PublicOpening.ByRecovery) remarks.Add("由投标人密钥解密 <small>opened with the bidder's recovery key</small>");
        if (bid.Findings.Contains(RecordedBid.FilesNotOpened)) remarks.Add("附件未能解密 <small>archive not opened</small>");
        if (bid.Schedule?.Remarks is { Length: > 0 } own) remarks.Add(Text(own));
        return string.Join("<br>", remarks);
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);

    // Currencies whose minor unit is the unit itself have no decimals.
    private static string Amount(long minor, string currency) => currency is "JPY" or "KRW" ? minor.ToString("N0", CultureInfo.InvariantCulture) : (minor / 100m).ToString("N2", CultureInfo.InvariantCulture);

    private static string Local(string moment, OpeningRecord record) =>
        TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture), RuleSet.Get(record.RuleSet).Zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
