using System.Globalization;
using System.Net;
using System.Text;
using Tendering.Protocols;

namespace Tendering.Evaluation.Domain;

/// <summary>The report as one self-contained page for print, Chinese first. What it shows is in the canonical report; names come only with the result.</summary>
public static class ReportPage
{
    /// <param name="Name">Null before the result: the seat's number stands for the member.</param>
    public sealed record SignatureLine(int Seat, string? Name, ReportAnswer? Answer);

    private const string Style = """
        @page { size: A4; margin: 18mm } body { font: 11pt/1.5 "Noto Serif CJK SC", "Songti SC", SimSun, serif; max-width: 180mm; margin: 0 auto }
        h1 { text-align: center; font-size: 18pt } h2 { font-size: 13pt; margin: 8mm 0 2mm } table { border-collapse: collapse; width: 100% }
        th, td { border: 0.5pt solid #333; padding: 1mm 2mm; text-align: left; vertical-align: top } td:last-child { overflow-wrap: anywhere } td.n { text-align: right; white-space: nowrap }
        small { color: #444 } code { font-size: 8pt; overflow-wrap: anywhere } tr { break-inside: avoid } .line { height: 12mm }
        """;

    public static string Of(EvaluationReport report, string hash, IReadOnlyList<SignatureLine> signatures)
    {
        var (inputs, terms, zone) = (report.Inputs, report.Inputs.Terms, RuleSet.Get(report.Inputs.Terms.RuleSet).Zone);
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>评标报告 {Text(terms.TenderNumber)}</title><style>{Style}</style></head><body>");
        page.Append("<h1>评标报告<br><small>Evaluation report</small></h1><table>");
        Fact("项目", "Tender", $"{terms.TenderNumber} {terms.TenderTitle}");
        Fact("标段", "Lot", $"{terms.LotNumber} {terms.LotTitle}");
        Fact("招标人", "Tenderer", terms.TendererName);
        Fact("招标代理机构", "Agency", terms.AgencyName);
        Fact("适用规则", "Rule set", terms.RuleSet);
        Fact("评标方法", "Method", terms.EvaluationMethod == "lowest-evaluated-price" ? "经评审的最低投标价法 lowest evaluated price" : terms.EvaluationMethod);
        Fact("最高投标限价", "Ceiling price", Money.Text(terms.CeilingPrice, terms.Currency));
        if (terms.MinimumPrice is { } minimum) Fact("最低限制价格", "Minimum price", Money.Text(minimum, terms.Currency));
        if (terms.Deposit > 0) Fact("投标保证金", "Bid deposit", Money.Text(terms.Deposit, terms.Currency));
        Fact("开标记录", "Opening record", inputs.OpeningRecordHash);
        Fact("报告时间", "Drawn at", Moment(inputs.DrawnAt, zone));
        page.Append("</table>");
        AppendBids(page, report);
        AppendRanking(page, "推荐的中标候选人", "Candidates", report.Candidates, terms.Currency);
        AppendRanking(page, "有效投标排序", "Ranking of valid bids", report.Ranking, terms.Currency);
        AppendFewBids(page, report);
        AppendRules(page, report);
        AppendSignatures(page, signatures, zone);
        return page.Append(CultureInfo.InvariantCulture, $"<p>报告摘要 <small>SHA-256 of the canonical report</small><br><code>{hash}</code></p></body></html>").ToString();

        void Fact(string chinese, string english, string value) => page.Append(CultureInfo.InvariantCulture, $"<tr><th>{chinese}<br><small>{english}</small></th><td>{Text(value)}</td></tr>");
    }

    private static void AppendBids(StringBuilder page, EvaluationReport report)
    {
        Heading(page, "初步评审", "Preliminary examination");
        page.Append("<table><tr><th>投标人<br><small>Bidder</small></th><th>报价<br><small>Price</small></th><th>结论<br><small>Conclusion</small></th><th>依据和说明<br><small>Ground and explanation</small></th></tr>");
        foreach (var bid in report.Bids)
        {
            var record = report.Inputs.Bids.Single(b => b.Record.BidId == bid.BidId).Record;
            var price = record.Price is { } amount ? Money.Text(amount, report.Inputs.Terms.Currency) : "—";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(record.BidderName)}<br><small>{Text(record.SocialCreditCode)}</small></td><td class=\"n\">{price}</td><td>{Outcome(bid)}</td><td>{Reason(bid)}{Dissents(bid)}</td></tr>");
        }
        page.Append("</table>");
    }

    private static string Outcome(BidConclusion bid) => bid.Outcome switch
    {
        BidConclusion.Accepted => $"有效 <small>accepted</small> {bid.For}:{bid.Against}",
        BidConclusion.Rejected => $"否决 <small>rejected</small> {bid.Against}:{bid.For}",
        _ => "未打开 <small>not opened</small>",
    };

    private static string Reason(BidConclusion bid) => bid.Ground is null ? "" :
        $"{Text(Ground.Find(bid.Ground)!.Chinese)} <small>{Text(Ground.Find(bid.Ground)!.English)}</small>：{Text(bid.Explanation!)}（{Text(bid.Rule!)}，{Text(bid.Article!)}）";

    private static string Dissents(BidConclusion bid) => string.Concat(bid.Dissents.Select(d =>
        $"<br><small>不同意见 dissent，席位 seat {d.Seat}：{(d.Accepted ? "接受 accept" : "否决 reject")}{(d.Explanation is null ? "" : "，" + Text(d.Explanation))}</small>"));

    private static void AppendRanking(StringBuilder page, string chinese, string english, RankedBid[] ranking, string currency)
    {
        Heading(page, chinese, english);
        if (ranking.Length == 0) page.Append("<p>无 <small>none</small></p>");
        if (ranking.Length == 0) return;
        page.Append("<table><tr><th>名次<br><small>Rank</small></th><th>投标人<br><small>Bidder</small></th><th>评标价<br><small>Evaluated price</small></th></tr>");
        foreach (var bid in ranking) page.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{bid.Rank}</td><td>{Text(bid.BidderName)}</td><td class=\"n\">{Money.Text(bid.Price, currency)}</td></tr>");
        page.Append("</table>");
    }

    private static void AppendFewBids(StringBuilder page, EvaluationReport report)
    {
        if (report.FewBids is not { } few) return;
        Heading(page, "有效投标不足时对竞争性的判断", "Competition among few valid bids");
        page.Append(CultureInfo.InvariantCulture, $"<p>有效投标 {few.Valid} 个，少于 {few.Fewer} 个（{Text(few.Rule)}，{Text(few.Article)}）。 <small>{few.Valid} valid bids, fewer than {few.Fewer}.</small></p>");
        foreach (var reason in few.Reasons) page.Append(CultureInfo.InvariantCulture, $"<p>席位 <small>seat</small> {reason.Seat}：{Text(reason.Reason)}</p>");
    }

    private static void AppendRules(StringBuilder page, EvaluationReport report)
    {
        Heading(page, "引用规则", "Rules cited");
        page.Append("<table>");
        foreach (var rule in report.Rules) page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(rule.Id)}</td><td>{Text(rule.Article)}</td><td>{Text(rule.Text)}</td></tr>");
        page.Append("</table>");
    }

    private static void AppendSignatures(StringBuilder page, IReadOnlyList<SignatureLine> signatures, TimeZoneInfo zone)
    {
        Heading(page, "评标委员会签字", "Signatures of the committee");
        page.Append("<table>");
        foreach (var line in signatures)
            page.Append(CultureInfo.InvariantCulture, $"<tr class=\"line\"><td>席位 <small>seat</small> {line.Seat}{(line.Name is null ? "" : "<br>" + Text(line.Name))}</td><td>{Answer(line.Answer, zone)}</td></tr>");
        page.Append("</table>");
    }

    private static string Answer(ReportAnswer? answer, TimeZoneInfo zone) => answer switch
    {
        null => "",
        { Kind: AnswerKind.Signature } => $"电子签名 <small>signed</small> {Moment(answer.At, zone)}<br><code>{Text(answer.Signature!)}</code>",
        { Kind: AnswerKind.Refusal } => $"拒绝签字，书面理由 <small>refused, with reason</small>：{Text(answer.Reason!)} {Moment(answer.At, zone)}",
        _ => $"未签字且未书面说明理由，视为同意 <small>silent, counts as agreement</small> {Moment(answer.At, zone)}",
    };

    private static void Heading(StringBuilder page, string chinese, string english) => page.Append(CultureInfo.InvariantCulture, $"<h2>{chinese} <small>{english}</small></h2>");

    private static string Moment(DateTimeOffset moment, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    private static string Text(string value) => WebUtility.HtmlEncode(value);
}
