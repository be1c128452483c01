using System.Globalization;
using System.Xml;
using System.Xml.Schema;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain.Camt;

/// <summary>
/// Reads a file of the bank in one pass, an entry at a time. No DTD and so no entity is read, nothing is fetched. Where the published
/// schema is given the file must be valid by it; the grammar holds in any case.
/// </summary>
public static class CamtReader
{
    public const int EntriesMax = 20_000, DetailsMax = 20_000;

    /// <exception cref="MalformedException">Not well-formed, of no known kind, or not as its version asks: with the place.</exception>
    public static CamtFile Read(Stream content, Func<CamtKind, int, XmlSchemaSet?> schemaOf, TimeZoneInfo zone)
    {
        try
        {
            var (kind, version) = KindOf(content);
            content.Position = 0;
            var settings = Settings();
            if (schemaOf(kind, version) is { } schema)
            {
                settings.ValidationType = ValidationType.Schema;
                settings.Schemas = schema;
            }
            using var xml = XmlReader.Create(content, settings);
            return Read(xml, kind, version, zone);
        }
        catch (XmlSchemaException e) { throw new MalformedException("schema", string.Create(CultureInfo.InvariantCulture, $"Line {e.LineNumber}: {e.Message}")); }
        catch (XmlException e) when (e.Message.Contains("DTD", StringComparison.Ordinal)) { throw new MalformedException("xml", "A document type (DTD) is not taken: no entity is read, from nowhere."); }
        catch (XmlException e) { throw new MalformedException("xml", e.Message); }
    }

    private static XmlReaderSettings Settings() => new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true, CloseInput = false,
    };

    private static (CamtKind, int) KindOf(Stream content)
    {
        using var xml = XmlReader.Create(content, Settings());
        xml.MoveToContent();
        foreach (var kind in Enum.GetValues<CamtKind>())
            foreach (var version in CamtGrammar.Versions)
                if (xml.LocalName == "Document" && xml.NamespaceURI == CamtGrammar.NamespaceOf(kind, version)) return (kind, version);
        throw new MalformedException("Document", "Statements are taken as camt.053 or camt.054 in versions 001.02, 001.04 and 001.08.");
    }

    private static CamtFile Read(XmlReader xml, CamtKind kind, int version, TimeZoneInfo zone)
    {
        xml.MoveToContent();
        xml.ReadStartElement();
        var (element, type) = CamtGrammar.RootOf(kind);
        if (xml.MoveToContent() != XmlNodeType.Element || xml.LocalName != element) throw new MalformedException("Document", $"{element} is missing.");
        var entries = new Dictionary<CamtNode, List<CamtEntry>>(ReferenceEqualityComparer.Instance);
        var (count, details) = (0, 0);
        var root = CamtNode.Read(xml, type, version, element, Take);
        if (xml.MoveToContent() != XmlNodeType.EndElement) throw new MalformedException("Document", $"Nothing may follow {element}.");
        while (xml.Read()) { }                                     // what follows must be well-formed too

        var header = root.Get("GrpHdr");
        return new CamtFile(kind, version, header.Get("MsgId").Text, header.Get("CreDtTm").MomentIn(zone), PagesOf(header.Find("MsgPgntn")),
            [.. root.All(kind == CamtKind.Statement ? "Stmt" : "Ntfctn").Select(n => PartOf(n, entries.GetValueOrDefault(n) ?? [], zone))]);

        // An entry becomes a record when its end is read, so that no tree of the whole file is built.
        bool Take(CamtNode parent, CamtNode child)
        {
            if (child.Name != "Ntry") return false;
            if (!entries.TryGetValue(parent, out var list)) entries.Add(parent, list = []);
            var entry = EntryOf(child, list.Count + 1, zone);
            Rule.Require(++count <= EntriesMax && (details += entry.Details.Count) <= DetailsMax, "too-many-entries", $"A file may have at most {EntriesMax} entries: ask the bank for more and smaller files. Nothing was booked.");
            list.Add(entry);
            return true;
        }
    }

    private static CamtPart PartOf(CamtNode part, List<CamtEntry> entries, TimeZoneInfo zone) => new(
        part.Get("Id").Text, AccountOf(part.Get("Acct"))!, part.Find("Acct", "Ccy")?.Text, PagesOf(part.Find("StmtPgntn") ?? part.Find("NtfctnPgntn")),
        [.. part.All("Bal").Select(b => BalanceOf(b, zone))], part.Find("TxsSummry") is { } totals ? TotalsOf(totals) : null, entries);

    private static CamtPages? PagesOf(CamtNode? pages) => pages is null ? null : new CamtPages(int.Parse(pages.Get("PgNb").Text, CultureInfo.InvariantCulture), pages.Get("LastPgInd").IsTrue);

    private static CamtBalance BalanceOf(CamtNode balance, TimeZoneInfo zone)
    {
        var (code, amount) = (balance.Get("Tp", "CdOrPrtry"), balance.Get("Amt").Amount);
        return new CamtBalance((code.Find("Cd") ?? code.Get("Prtry")).Text, balance.Get("CdtDbtInd").Text == "CRDT" ? amount : amount with { Value = -amount.Value }, balance.Get("Dt").DateIn(zone));
    }

    private static CamtTotals TotalsOf(CamtNode totals)
    {
        var (all, net) = (totals.Find("TtlNtries"), default(decimal?));
        if (all?.Find("TtlNetNtry") is { } since) net = Signed(since.Get("Amt").Number, since.Get("CdtDbtInd"));
        else if (all?.Find("TtlNetNtryAmt") is { } before) net = Signed(before.Number, all.Get("CdtDbtInd"));
        return new CamtTotals(TotalOf(all), TotalOf(totals.Find("TtlCdtNtries")), TotalOf(totals.Find("TtlDbtNtries")), net);

        static decimal Signed(decimal amount, CamtNode direction) => direction.Text == "CRDT" ? amount : -amount;
    }

    private static CamtTotal? TotalOf(CamtNode? total) => total is null ? null : new CamtTotal(CountOf(total.Find("NbOfNtries")), total.Find("Sum")?.Number);

    private static long? CountOf(CamtNode? count) => count is null ? null : long.Parse(count.Text, CultureInfo.InvariantCulture);

    private static CamtEntry EntryOf(CamtNode entry, int number, TimeZoneInfo zone) => new(
        number, entry.Find("AcctSvcrRef")?.Text, entry.Get("Amt").Amount, entry.Get("CdtDbtInd").Text == "CRDT", entry.Find("RvslInd")?.IsTrue == true, StatusOf(entry.Get("Sts")),
        entry.Find("BookgDt")?.DateIn(zone), entry.Find("ValDt")?.DateIn(zone), CodeOf(entry.Get("BkTxCd")), entry.Find("AddtlNtryInf")?.Text,
        [.. entry.All("NtryDtls").Where(d => d.Find("Btch") is not null).Select(d => new CamtBatch(CountOf(d.Find("Btch", "NbOfTxs")), d.Find("Btch", "TtlAmt")?.Amount, d.All("TxDtls").Count()))],
        [.. entry.All("NtryDtls").SelectMany(d => d.All("TxDtls")).Select(DetailOf)]);

    // Since version 08 a choice; a status of the bank's own tells us nothing that we could book.
    private static CamtStatus StatusOf(CamtNode status) => (status.Find("Cd")?.Text ?? (status.Children.Count == 0 ? status.Text : "")) switch
    {
        "BOOK" => CamtStatus.Booked, "PDNG" or "FUTR" => CamtStatus.Pending, "INFO" => CamtStatus.Information,
        _ => throw new MalformedException(status.Path, "The status is none of BOOK, PDNG, FUTR, INFO."),
    };

    private static string CodeOf(CamtNode code) => code.Find("Domn") is { } domain
        ? $"{domain.Get("Cd").Text}/{domain.Get("Fmly", "Cd").Text}/{domain.Get("Fmly", "SubFmlyCd").Text}"
        : code.Find("Prtry", "Cd")?.Text ?? "";

    private static CamtDetail DetailOf(CamtNode detail) => new(
        detail.Find("Refs", "AcctSvcrRef")?.Text, detail.Find("Refs", "EndToEndId")?.Text is { } id && id != "NOTPROVIDED" ? id : null,
        (detail.Find("Amt") ?? detail.Find("AmtDtls", "TxAmt", "Amt"))?.Amount, detail.Find("CdtDbtInd") is { } direction ? direction.Text == "CRDT" : null,
        NameOf(detail.Find("RltdPties", "Dbtr")), AccountOf(detail.Find("RltdPties", "DbtrAcct")), NameOf(detail.Find("RltdPties", "Cdtr")), AccountOf(detail.Find("RltdPties", "CdtrAcct")),
        detail.Find("RmtInf") is { } remittance && remittance.Children.Count > 0 ? string.Join(' ', remittance.All("Ustrd").Select(u => u.Text)) : null,
        detail.Find("RtrInf") is { } back ? (back.Find("Rsn", "Cd") ?? back.Find("Rsn", "Prtry"))?.Text ?? "returned" : null);

    private static string? NameOf(CamtNode? party) => (party?.Find("Nm") ?? party?.Find("Pty", "Nm"))?.Text;

    private static string? AccountOf(CamtNode? account) => (account?.Find("Id", "IBAN") ?? account?.Find("Id", "Othr", "Id"))?.Text;
}
