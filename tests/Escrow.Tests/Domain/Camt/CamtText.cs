using System.Globalization;
using System.Text;

namespace Tendering.Escrow.Tests.Domain.Camt;

/// <summary>An entry as a bank writes it; whatever is nonsense can be written too.</summary>
public sealed record CamtLine(string? Reference, string Amount, bool IsCredit = true)
{
    public string Currency { get; init; } = "CNY";
    public string Status { get; init; } = "BOOK";
    public bool? Reversal { get; init; }
    public string? BookedAt { get; init; } = "2026-03-02T09:00:00+08:00";
    public string? Day { get; init; }
    public string? ValueDay { get; init; } = "2026-03-02";
    public string? EndToEndId { get; init; }
    public string? DebtorAccount { get; init; }
    public string? DebtorName { get; init; }
    public string? CreditorAccount { get; init; }
    public string? CreditorName { get; init; }
    public string? Remittance { get; init; }
    public string? ReturnReason { get; init; }
    public string Code { get; init; } = "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn>";

    /// <summary>The transactions of a batched entry: reference and amount of each.</summary>
    public (string? Reference, string? Amount)[]? Parts { get; init; }

    /// <summary>NbOfTxs and TtlAmt of the batch.</summary>
    public (string? Count, string? Total)? Batch { get; init; }
}

/// <summary>A file of the bank as text, in any of the six versions.</summary>
public sealed record CamtText(bool IsStatement, int Version, params CamtLine[] Lines)
{
    public string MessageId { get; init; } = "M" + Guid.NewGuid().ToString("N")[..20];
    public string CreatedAt { get; init; } = "2026-03-02T09:00:00+08:00";
    public string Account { get; init; } = "ESCROW";
    public string Currency { get; init; } = "CNY";
    public string Opening { get; init; } = "0";
    public string? Closing { get; init; }
    public string Day { get; init; } = "2026-03-02";
    public string? Summary { get; init; }
    public string? More { get; init; }
    public string? Pages { get; init; }

    public string Namespace => string.Create(CultureInfo.InvariantCulture, $"urn:iso:std:iso:20022:tech:xsd:camt.{(IsStatement ? "053" : "054")}.001.{Version:00}");

    public static implicit operator string(CamtText text) => text.ToString();

    public MemoryStream Stream() => new(Encoding.UTF8.GetBytes(ToString()));

    public override string ToString()
    {
        var (root, part) = IsStatement ? ("BkToCstmrStmt", "Stmt") : ("BkToCstmrDbtCdtNtfctn", "Ntfctn");
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"{Namespace}\"><{root}><GrpHdr><MsgId>{MessageId}</MsgId><CreDtTm>{CreatedAt}</CreDtTm></GrpHdr>{Part(part)}{More}</{root}></Document>";
    }

    /// <summary>One statement or notification, to be put behind another as <see cref="More"/>.</summary>
    public string Part(string? name = null)
    {
        name ??= IsStatement ? "Stmt" : "Ntfctn";
        var pages = Pages is null || Version < 4 ? "" : $"<{name}Pgntn>{Pages}</{name}Pgntn>";
        return $"<{name}><Id>S-{MessageId}</Id>{pages}<CreDtTm>{CreatedAt}</CreDtTm><Acct><Id><Othr><Id>{Account}</Id></Othr></Id><Ccy>{Currency}</Ccy></Acct>"
            + (IsStatement ? Balance("OPBD", Opening) + Balance("CLBD", Closing ?? Sum()) : "") + (Summary is null ? "" : $"<TxsSummry>{Summary}</TxsSummry>")
            + string.Concat(Lines.Select(Entry)) + $"</{name}>";
    }

    private string Sum() => (decimal.Parse(Opening, CultureInfo.InvariantCulture) + Lines.Where(l => l.Status == "BOOK").Sum(l => (l.IsCredit ? 1 : -1) * decimal.Parse(l.Amount, CultureInfo.InvariantCulture))).ToString(CultureInfo.InvariantCulture);

    private string Balance(string code, string amount)
    {
        var value = amount.TrimStart('-');
        return $"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"{Currency}\">{value}</Amt><CdtDbtInd>{(amount.StartsWith('-') ? "DBIT" : "CRDT")}</CdtDbtInd><Dt><Dt>{Day}</Dt></Dt></Bal>";
    }

    private string Entry(CamtLine line)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<Ntry><Amt Ccy=\"{line.Currency}\">{line.Amount}</Amt><CdtDbtInd>{(line.IsCredit ? "CRDT" : "DBIT")}</CdtDbtInd>");
        if (line.Reversal is { } reversal) text.Append(CultureInfo.InvariantCulture, $"<RvslInd>{(reversal ? "true" : "false")}</RvslInd>");
        text.Append(Version == 8 ? $"<Sts><Cd>{line.Status}</Cd></Sts>" : $"<Sts>{line.Status}</Sts>");
        if (line.Day is not null) text.Append(CultureInfo.InvariantCulture, $"<BookgDt><Dt>{line.Day}</Dt></BookgDt>");
        else if (line.BookedAt is not null) text.Append(CultureInfo.InvariantCulture, $"<BookgDt><DtTm>{line.BookedAt}</DtTm></BookgDt>");
        if (line.ValueDay is not null) text.Append(CultureInfo.InvariantCulture, $"<ValDt><Dt>{line.ValueDay}</Dt></ValDt>");
        if (line.Reference is not null) text.Append(CultureInfo.InvariantCulture, $"<AcctSvcrRef>{line.Reference}</AcctSvcrRef>");
        text.Append(CultureInfo.InvariantCulture, $"<BkTxCd>{line.Code}</BkTxCd><NtryDtls>");
        if (line.Batch is { } batch) text.Append("<Btch>").Append(Element("NbOfTxs", batch.Count)).Append(batch.Total is null ? "" : $"<TtlAmt Ccy=\"{line.Currency}\">{batch.Total}</TtlAmt>").Append("</Btch>");
        foreach (var (reference, amount) in line.Parts ?? [(null, Version == 4 ? line.Amount : null)]) text.Append(Detail(line, reference, amount));
        return text.Append("</NtryDtls></Ntry>").ToString();
    }

    private string Detail(CamtLine line, string? reference, string? amount)
    {
        var direction = line.IsCredit ? "CRDT" : "DBIT";
        var text = new StringBuilder("<TxDtls>");
        if (reference is not null || line.EndToEndId is not null) text.Append("<Refs>").Append(Element("AcctSvcrRef", reference)).Append(Element("EndToEndId", line.EndToEndId)).Append("</Refs>");
        if (amount is not null)
            text.Append(Version == 2 ? $"<AmtDtls><TxAmt><Amt Ccy=\"{line.Currency}\">{amount}</Amt></TxAmt></AmtDtls>" : $"<Amt Ccy=\"{line.Currency}\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>");
        text.Append("<RltdPties>").Append(Party("Dbtr", line.DebtorName)).Append(Number("DbtrAcct", line.DebtorAccount)).Append(Party("Cdtr", line.CreditorName)).Append(Number("CdtrAcct", line.CreditorAccount)).Append("</RltdPties>");
        if (line.Remittance is not null) text.Append("<RmtInf>").Append(Element("Ustrd", line.Remittance)).Append("</RmtInf>");
        if (line.ReturnReason is not null) text.Append("<RtrInf><Rsn>").Append(Element("Cd", line.ReturnReason)).Append("</Rsn></RtrInf>");
        return text.Append("</TxDtls>").ToString();
    }

    private string Party(string name, string? value) => value is null ? "" : Version == 8 ? $"<{name}><Pty>{Element("Nm", value)}</Pty></{name}>" : $"<{name}>{Element("Nm", value)}</{name}>";

    private static string Number(string name, string? value) => value is null ? "" : $"<{name}><Id><Othr>{Element("Id", value)}</Othr></Id></{name}>";

    private static string Element(string name, string? value) => value is null ? "" : $"<{name}>{System.Security.SecurityElement.Escape(value)}</{name}>";
}
