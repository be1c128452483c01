using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Tendering.BankSimulator;

/// <summary>The files that the bank speaks: camt.054 for each entry, camt.053 for each day, pain.001 in. <c>Bank:Version</c>: 2, 4 or 8.</summary>
public sealed class CamtFiles(IConfiguration configuration)
{
    private readonly string _account = configuration["Escrow:BankAccount"] ?? "ESCROW";
    private readonly int _version = configuration.GetValue("Bank:Version", 8);

    /// <summary>The same entry makes the same file, so that a repeat is the same file too.</summary>
    public byte[] Notice(EscrowEntry entry, string prefix) => Write("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn", prefix + entry.Reference, entry.BookedAt, entry.Currency, null, [entry]);

    public byte[] Statement(StatementMade statement, IReadOnlyList<EscrowEntry> entries) => Write("camt.053", "BkToCstmrStmt", "Stmt", statement.Number, statement.MadeAt, statement.Currency, statement, entries);

    /// <summary>The orders of a pain.001 file, to be booked now.</summary>
    public static IReadOnlyList<OrderPaid> Orders(byte[] content, DateTimeOffset now)
    {
        using var xml = XmlReader.Create(new MemoryStream(content), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        var document = XDocument.Load(xml).Root!;
        var ns = document.Name.Namespace;
        return [.. document.Descendants(ns + "CdtTrfTxInf").Select(t =>
        {
            var (amount, id) = (t.Element(ns + "Amt")!.Element(ns + "InstdAmt")!, t.Element(ns + "PmtId")!.Element(ns + "EndToEndId")!.Value);
            var currency = amount.Attribute("Ccy")!.Value;
            return new OrderPaid(id, $"P{id}", t.Element(ns + "CdtrAcct")!.Descendants(ns + "Id").Last().Value, t.Element(ns + "Cdtr")!.Element(ns + "Nm")?.Value ?? "",
                Minor(amount.Value, currency), currency, t.Element(ns + "RmtInf")?.Element(ns + "Ustrd")?.Value ?? "", now);
        })];
    }

    private byte[] Write(string message, string root, string part, string id, DateTimeOffset madeAt, string currency, StatementMade? statement, IReadOnlyList<EscrowEntry> entries)
    {
        XNamespace ns = string.Create(CultureInfo.InvariantCulture, $"urn:iso:std:iso:20022:tech:xsd:{message}.001.{_version:00}");
        var body = new XElement(ns + part, new XElement(ns + "Id", id), new XElement(ns + "CreDtTm", Text(madeAt)),
            new XElement(ns + "Acct", new XElement(ns + "Id", new XElement(ns + "Othr", new XElement(ns + "Id", _account))), new XElement(ns + "Ccy", currency)));
        if (statement is not null) body.Add(Balance(ns, "OPBD", statement.Opening, statement), Balance(ns, "CLBD", statement.Closing, statement));
        foreach (var entry in entries) body.Add(Entry(ns, entry));
        var document = new XDocument(new XElement(ns + "Document", new XElement(ns + root, new XElement(ns + "GrpHdr", new XElement(ns + "MsgId", id), new XElement(ns + "CreDtTm", Text(madeAt))), body)));
        using var content = new MemoryStream();
        document.Save(content, SaveOptions.DisableFormatting);
        return content.ToArray();
    }

    private static XElement Balance(XNamespace ns, string code, long amount, StatementMade statement) => new(ns + "Bal",
        new XElement(ns + "Tp", new XElement(ns + "CdOrPrtry", new XElement(ns + "Cd", code))), Amount(ns, Math.Abs(amount), statement.Currency), Direction(ns, amount >= 0),
        new XElement(ns + "Dt", new XElement(ns + "Dt", statement.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))));

    private XElement Entry(XNamespace ns, EscrowEntry entry)
    {
        var (isCredit, amount) = (entry.Amount > 0, Amount(ns, Math.Abs(entry.Amount), entry.Currency));
        var detail = new XElement(ns + "TxDtls", entry.EndToEndId.Length > 0 ? new XElement(ns + "Refs", new XElement(ns + "EndToEndId", entry.EndToEndId)) : null);
        if (_version >= 4) detail.Add(amount, Direction(ns, isCredit));
        var other = isCredit ? "Dbtr" : "Cdtr";
        var parties = entry.CounterpartyAccount.Length > 0 ? new XElement(ns + "RltdPties", Party(ns, other, entry.CounterpartyName), AccountOf(ns, other + "Acct", entry.CounterpartyAccount)) : null;
        if (isCredit && entry.VirtualAccount is { } number) parties!.Add(AccountOf(ns, "CdtrAcct", number));
        detail.Add(parties, new XElement(ns + "RmtInf", new XElement(ns + "Ustrd", entry.Text)));
        if (entry.IsReversal) detail.Add(new XElement(ns + "RtrInf", new XElement(ns + "Rsn", new XElement(ns + "Cd", "AC04"))));
        return new XElement(ns + "Ntry", amount, Direction(ns, isCredit), entry.IsReversal ? new XElement(ns + "RvslInd", "true") : null, _version == 8 ? new XElement(ns + "Sts", new XElement(ns + "Cd", "BOOK")) : new XElement(ns + "Sts", "BOOK"),
            new XElement(ns + "BookgDt", new XElement(ns + "DtTm", Text(entry.BookedAt))), new XElement(ns + "AcctSvcrRef", entry.Reference),
            new XElement(ns + "BkTxCd", new XElement(ns + "Domn", new XElement(ns + "Cd", "PMNT"), new XElement(ns + "Fmly", new XElement(ns + "Cd", isCredit ? "RCDT" : "ICDT"), new XElement(ns + "SubFmlyCd", "DMCT")))),
            new XElement(ns + "NtryDtls", detail));
    }

    private XElement Party(XNamespace ns, string element, string name) => new(ns + element, _version == 8 ? new XElement(ns + "Pty", new XElement(ns + "Nm", name)) : new XElement(ns + "Nm", name));

    private static XElement AccountOf(XNamespace ns, string element, string number) => new(ns + element, new XElement(ns + "Id", new XElement(ns + "Othr", new XElement(ns + "Id", number))));

    private static XElement Direction(XNamespace ns, bool isCredit) => new(ns + "CdtDbtInd", isCredit ? "CRDT" : "DBIT");

    private static XElement Amount(XNamespace ns, long minor, string currency) =>
        new(ns + "Amt", new XAttribute("Ccy", currency), currency == "JPY" ? minor.ToString(CultureInfo.InvariantCulture) : (minor / 100m).ToString("F2", CultureInfo.InvariantCulture));

    private static long Minor(string amount, string currency) => (long)(decimal.Parse(amount, CultureInfo.InvariantCulture) * (currency == "JPY" ? 1 : 100));

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
