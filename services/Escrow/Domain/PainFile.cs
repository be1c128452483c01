using System.Globalization;
using System.Text;
using System.Xml;
using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Domain;

/// <summary>Who pays: the escrow account and the bank that keeps it.</summary>
public sealed record Payer(string Account, string Name, string Bank);

/// <summary>
/// A batch of payment orders in one currency as pain.001.001.09: one payment instruction, a transaction an order, number and control sum in
/// both headers. The end-to-end id of a transaction is the order's id without hyphens, and comes back on the bank's statement.
/// </summary>
public static class PainFile
{
    public const string Namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
    public const int OrdersMax = 1_000;
    private const int NameMax = 140, TextMax = 140;

    public static byte[] Of(string messageId, Payer payer, IReadOnlyList<PaymentOrder> orders, DateTimeOffset madeAt, DateOnly day)
    {
        var (count, sum) = (orders.Count.ToString(CultureInfo.InvariantCulture), MinorUnits.Text(orders.Sum(o => o.Amount), orders[0].Currency));
        using var content = new MemoryStream();
        using (var xml = XmlWriter.Create(content, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true }))
        {
            xml.WriteStartElement("Document", Namespace);
            xml.WriteStartElement("CstmrCdtTrfInitn");
            xml.WriteStartElement("GrpHdr");
            xml.WriteElementString("MsgId", messageId);
            xml.WriteElementString("CreDtTm", madeAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            xml.WriteElementString("NbOfTxs", count);
            xml.WriteElementString("CtrlSum", sum);
            Party(xml, "InitgPty", payer.Name);
            xml.WriteEndElement();
            xml.WriteStartElement("PmtInf");
            xml.WriteElementString("PmtInfId", messageId);
            xml.WriteElementString("PmtMtd", "TRF");
            xml.WriteElementString("BtchBookg", "false");                // each order is to be an entry of its own on the statement
            xml.WriteElementString("NbOfTxs", count);
            xml.WriteElementString("CtrlSum", sum);
            xml.WriteStartElement("ReqdExctnDt");
            xml.WriteElementString("Dt", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            xml.WriteEndElement();
            Party(xml, "Dbtr", payer.Name);
            Account(xml, "DbtrAcct", payer.Account, orders[0].Currency);
            xml.WriteStartElement("DbtrAgt");
            Party(xml, "FinInstnId", payer.Bank);
            xml.WriteEndElement();
            foreach (var order in orders) Transaction(xml, order);
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return content.ToArray();
    }

    private static void Transaction(XmlWriter xml, PaymentOrder order)
    {
        xml.WriteStartElement("CdtTrfTxInf");
        xml.WriteStartElement("PmtId");
        xml.WriteElementString("InstrId", order.EndToEndId);
        xml.WriteElementString("EndToEndId", order.EndToEndId);
        xml.WriteEndElement();
        xml.WriteStartElement("Amt");
        xml.WriteStartElement("InstdAmt");
        xml.WriteAttributeString("Ccy", order.Currency);
        xml.WriteString(MinorUnits.Text(order.Amount, order.Currency));
        xml.WriteEndElement();
        xml.WriteEndElement();
        Party(xml, "Cdtr", order.ToName);
        Account(xml, "CdtrAcct", order.ToAccount, null);
        xml.WriteStartElement("RmtInf");
        xml.WriteElementString("Ustrd", Cut(order.Purpose, TextMax));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Party(XmlWriter xml, string element, string name)
    {
        xml.WriteStartElement(element);
        if (name.Length > 0) xml.WriteElementString("Nm", Cut(name, NameMax));
        xml.WriteEndElement();
    }

    private static void Account(XmlWriter xml, string element, string number, string? currency)
    {
        xml.WriteStartElement(element);
        xml.WriteStartElement("Id");
        xml.WriteStartElement("Othr");
        xml.WriteElementString("Id", CamtChecks.Plain(number));
        xml.WriteEndElement();
        xml.WriteEndElement();
        if (currency is not null) xml.WriteElementString("Ccy", currency);
        xml.WriteEndElement();
    }

    // A character that XML has none for would keep everybody's orders from going out; and not in the middle of a character of two halves.
    private static string Cut(string text, int max)
    {
        var known = string.Concat(text.EnumerateRunes().Select(r => r.Utf16SequenceLength == 2 || XmlConvert.IsXmlChar((char)r.Value) ? r : Rune.ReplacementChar));
        return known.Length <= max ? known : known[..(char.IsHighSurrogate(known[max - 1]) ? max - 1 : max)];
    }
}
