using System.Collections.Frozen;
using System.Globalization;

namespace Tendering.Escrow.Domain.Camt;

/// <summary>
/// What may stand where in camt.053 and camt.054, versions 02, 04 and 08, as far as we read it: the children of each element in their
/// order. It holds without the published schemas and is held against them by the tests. What has no type is not read.
/// </summary>
public static class CamtGrammar
{
    // Name:Type/occurrence, or one occurrence for each of the versions 02, 04, 08: 1 once, ? at most once, * any, + one or more, - not at all.
    // A line that begins with | is a choice of one.
    private static readonly FrozenDictionary<string, string> Lines = new Dictionary<string, string>
    {
        ["Statements"] = "GrpHdr:Header Stmt:Statement/+ SplmtryData/-**",
        ["Notifications"] = "GrpHdr:Header Ntfctn:Notification/+ SplmtryData/-**",
        ["Header"] = "MsgId:Text35 CreDtTm:Moment MsgRcpt/? MsgPgntn:Pages/? OrgnlBizQry/-?? AddtlInf/?",
        ["Pages"] = "PgNb:Digits5 LastPgInd:Flag",
        ["Statement"] = "Id:Text35 StmtPgntn:Pages/-?? ElctrncSeqNb/? RptgSeq/--? LglSeqNb/? CreDtTm:Moment/11? FrToDt/? CpyDplctInd/? RptgSrc/? Acct:Account RltdAcct/? Intrst/* "
            + "Bal:Balance/+ TxsSummry:Totals/? Ntry:Entry/* AddtlStmtInf/?",
        ["Notification"] = "Id:Text35 NtfctnPgntn:Pages/-?? ElctrncSeqNb/? RptgSeq/--? LglSeqNb/? CreDtTm:Moment/11? FrToDt/? CpyDplctInd/? RptgSrc/? Acct:Account RltdAcct/? Intrst/* "
            + "TxsSummry:Totals/? Ntry:Entry/* AddtlNtfctnInf/?",
        ["Account"] = "Id:AccountId Tp/? Ccy:Currency/? Nm/? Prxy/--? Ownr/? Svcr/?",
        ["Counterparty"] = "Id:AccountId Tp/? Ccy/? Nm/? Prxy/--?",
        ["AccountId"] = "|IBAN:Iban Othr:OtherId",
        ["OtherId"] = "Id:Text34 SchmeNm/? Issr/?",
        ["Balance"] = "Tp:BalanceType CdtLine/??* Amt:Amount CdtDbtInd:Direction Dt:Date Avlbty/*",
        ["BalanceType"] = "CdOrPrtry:BalanceCode SubTp/?",
        ["BalanceCode"] = "|Cd:Code Prtry:Text35",
        ["Date"] = "|Dt:Day DtTm:Moment",
        ["Totals"] = "TtlNtries:AllTotal/? TtlCdtNtries:Total/? TtlDbtNtries:Total/? TtlNtriesPerBkTxCd/*",
        ["AllTotal"] = "NbOfNtries:Digits15/? Sum:Decimal/? TtlNetNtryAmt:Decimal/?-- CdtDbtInd:Direction/?-- TtlNetNtry:Net/-??",
        ["Net"] = "Amt:Decimal CdtDbtInd:Direction",
        ["Total"] = "NbOfNtries:Digits15/? Sum:Decimal/?",
        ["Entry"] = "NtryRef:Text35/? Amt:Amount CdtDbtInd:Direction RvslInd:Flag/? Sts:Status BookgDt:Date/? ValDt:Date/? AcctSvcrRef:Text35/? Avlbty/* BkTxCd:TransactionCode ComssnWvrInd/? "
            + "AddtlInfInd/? AmtDtls/? Chrgs/*?? TechInptChanl/? Intrst/*?? CardTx/-?? NtryDtls:Details/* AddtlNtryInf:Text500/?",
        ["TransactionCode"] = "Domn:Domain/? Prtry:Proprietary/?",
        ["Domain"] = "Cd:Code Fmly:Family",
        ["Family"] = "Cd:Code SubFmlyCd:Code",
        ["Proprietary"] = "Cd:Text35 Issr/?",
        ["Details"] = "Btch:Batch/? TxDtls:Transaction/*",
        ["Batch"] = "MsgId/? PmtInfId/? NbOfTxs:Digits15/? TtlAmt:Amount/? CdtDbtInd:Direction/?",
        ["Transaction"] = "Refs:References/? Amt:Amount/-1? CdtDbtInd:Direction/-1? AmtDtls:Amounts/? Avlbty/* BkTxCd/? Chrgs/*?? Intrst/*?? RltdPties:Parties/? RltdAgts/? LclInstrm/--? Purp/? "
            + "RltdRmtInf/* RmtInf:Remittance/? RltdDts/? RltdPric/? RltdQties/* FinInstrmId/? Tax/? RtrInf:Return/? CorpActn/? SfkpgAcct/? CshDpst/-** CardTx/-?? AddtlTxInf/? SplmtryData/-**",
        ["References"] = "MsgId/? AcctSvcrRef:Text35/? PmtInfId/? InstrId/? EndToEndId:Text35/? UETR/--? TxId/? MndtId/? ChqNb/? ClrSysRef/? AcctOwnrTxId/-?? AcctSvcrTxId/-?? MktInfrstrctrTxId/-?? "
            + "PrcgId/-?? Prtry/?**",
        ["Amounts"] = "InstdAmt/? TxAmt:TransactionAmount/? CntrValAmt/? AnncdPstngAmt/? PrtryAmt/*",
        ["TransactionAmount"] = "Amt:Amount CcyXchg/?",
        ["Parties"] = "InitgPty/? Dbtr:Party/? DbtrAcct:Counterparty/? UltmtDbtr/? Cdtr:Party/? CdtrAcct:Counterparty/? UltmtCdtr/? TradgPty/? Prtry/*",
        ["Person"] = "Nm:Text140/? PstlAdr/? Id/? CtryOfRes/? CtctDtls/?",
        ["PartyOrAgent"] = "|Pty:Person Agt",
        ["Remittance"] = "Ustrd:Text140/* Strd/*",
        ["Return"] = "OrgnlBkTxCd/? Orgtr/? Rsn:Reason/? AddtlInf/*",
        ["Reason"] = "|Cd:Code Prtry:Text35",
        ["StatusChoice"] = "|Cd:Code Prtry:Text35",
    }.ToFrozenDictionary();

    public static IReadOnlyList<int> Versions { get; } = [2, 4, 8];

    /// <summary>The namespace of a version, as <c>urn:iso:std:iso:20022:tech:xsd:camt.053.001.08</c>.</summary>
    public static string NamespaceOf(CamtKind kind, int version) => $"urn:iso:std:iso:20022:tech:xsd:{NameOf(kind, version)}";

    public static string NameOf(CamtKind kind, int version) => string.Create(CultureInfo.InvariantCulture, $"camt.{(kind == CamtKind.Statement ? "053" : "054")}.001.{version:00}");

    /// <summary>The element below Document.</summary>
    public static (string Element, string Type) RootOf(CamtKind kind) => kind == CamtKind.Statement ? ("BkToCstmrStmt", "Statements") : ("BkToCstmrDbtCdtNtfctn", "Notifications");

    private static readonly FrozenDictionary<(string Type, int Version), CamtModel> Models =
        Lines.SelectMany(line => Versions.Select(v => ((line.Key, v), Parse(line.Value, v)))).ToFrozenDictionary(m => m.Item1, m => m.Item2);

    /// <summary>The content of a type that has children; null where it is a text.</summary>
    public static CamtModel? ModelOf(string type, int version) => Models.GetValueOrDefault((type switch
    {
        "Party" => version == 8 ? "PartyOrAgent" : "Person",                    // a party may be an agent since version 08
        "Status" => version == 8 ? "StatusChoice" : "Status",                   // a plain code before, a choice since
        _ => type,
    }, version));

    private static CamtModel Parse(string line, int version)
    {
        var isChoice = line[0] == '|';
        var items = (isChoice ? line[1..] : line).Split(' ').Select(part =>
        {
            var (name, occurrence) = part.Split('/') is [var n, var o] ? (n, o) : (part, "1");
            var (element, type) = name.Split(':') is [var e, var t] ? (e, t) : (name, null);
            return new CamtItem(element, type, occurrence.Length == 1 ? occurrence[0] : occurrence[version switch { 2 => 0, 4 => 1, _ => 2 }]);
        });
        return new CamtModel(isChoice, [.. items.Where(i => i.Occurrence != '-')]);
    }
}

/// <summary>Children in their order, or one of them.</summary>
public sealed record CamtModel(bool IsChoice, IReadOnlyList<CamtItem> Items);

/// <summary>A child: once, at most once (?), any number (*), at least one (+). Without a type it is not read.</summary>
public sealed record CamtItem(string Name, string? Type, char Occurrence)
{
    public bool MayMiss => Occurrence is '?' or '*';
    public bool MayRepeat => Occurrence is '*' or '+';
}
