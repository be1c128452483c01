using System.Globalization;
using System.Xml.Linq;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

public class PainFileTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private static readonly XNamespace Ns = PainFile.Namespace;

    private static PaymentOrder Order(string reference, long amount, string currency = "CNY", string name = "建筑 & <Söhne>") =>
        PaymentOrder.Return(new Payment(reference, "88", amount, currency, "6222 0001", name, Now), "deposit-too-small", Now);

    private static XDocument File(Payer payer, params PaymentOrder[] orders) => XDocument.Load(new MemoryStream(PainFile.Of("M1", payer, orders, Now, new DateOnly(2026, 3, 2))));

    private static readonly Payer Escrow = new("ESCROW", "Escrow & Co", "Bank");

    private static XElement Root(params PaymentOrder[] orders) => File(Escrow, orders).Root!.Elements().Single();

    [Fact]
    public void Number_and_control_sum_stand_in_both_headers_and_each_order_is_one_transaction_under_its_id()
    {
        var orders = new[] { Order("A", 20_000_05), Order("B", 1), Order("C", 99_99) };
        var root = Root(orders);
        foreach (var header in new[] { root.Element(Ns + "GrpHdr")!, root.Element(Ns + "PmtInf")! })
            Assert.Equal(("3", "20100.05"), (header.Element(Ns + "NbOfTxs")!.Value, header.Element(Ns + "CtrlSum")!.Value));
        var transactions = root.Descendants(Ns + "CdtTrfTxInf").ToArray();
        Assert.Equal(orders.Select(o => o.Id.ToString("N")), transactions.Select(t => t.Descendants(Ns + "EndToEndId").Single().Value));
        Assert.Equal(["20000.05", "0.01", "99.99"], transactions.Select(t => t.Descendants(Ns + "InstdAmt").Single().Value));
        Assert.All(transactions, t => Assert.Equal(("62220001", "建筑 & <Söhne>"), (t.Element(Ns + "CdtrAcct")!.Value, t.Element(Ns + "Cdtr")!.Value)));
        Assert.Equal(20_100.05m, transactions.Sum(t => decimal.Parse(t.Descendants(Ns + "InstdAmt").Single().Value, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_currency_without_decimals_has_none() => Assert.Equal("500", Root(Order("A", 500, "JPY")).Descendants(Ns + "InstdAmt").Single().Value);

    [Fact]
    public void A_file_is_as_the_format_asks()
    {
        var longest = string.Concat(Enumerable.Repeat("\U0001F4DC", 90));
        Assert.Null(PainGrammar.Fault(File(Escrow, Order("A", 1))));
        Assert.Null(PainGrammar.Fault(File(Escrow, Order("A", 20_000_05), Order("B", Transfer.AmountMax), Order("C", 99_99, name: longest), Order("D", 5, name: ""))));
        Assert.Null(PainGrammar.Fault(File(Escrow, Order("A", 500, "JPY"))));
        Assert.Null(PainGrammar.Fault(File(new Payer("6222 0000 1111", longest, ""), Order("A", 1))));
    }

    // What XML has no character for would keep the whole file from being written, with everybody else's orders.
    [Theory]
    [InlineData("Builders\u0001 & Co", "Builders\ufffd & Co")]
    [InlineData("Bau\u0000", "Bau\ufffd")]
    [InlineData("\uffff", "\ufffd")]
    [InlineData("tab\tand \U0001F4DC stay", "tab\tand \U0001F4DC stay")]
    public void A_name_that_XML_cannot_carry_is_written_with_what_stands_for_a_lost_character(string name, string written)
    {
        var file = File(Escrow, Order("A", 1, name: name), Order("B", 2));
        Assert.Null(PainGrammar.Fault(file));
        Assert.Equal(written, file.Descendants(Ns + "Cdtr").First().Value);
    }

    [Fact]
    public void Half_a_character_is_a_lost_one() =>
        Assert.Equal("half \ufffd of a pair", File(Escrow, Order("A", 1, name: $"half {(char)0xd83d} of a pair")).Descendants(Ns + "Cdtr").Single().Value);

    public static TheoryData<string, Action<XElement>> Damages => new()
    {
        { "the root", root => root.Name = XName.Get("Document", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03") },
        { "order", root => Swap(root, "PmtMtd", "BtchBookg") },
        { "order in the transfer", root => Swap(root, "Amt", "PmtId") },
        { "something missing", root => First(root, "EndToEndId").Remove() },
        { "the last missing", root => root.Descendants(Ns + "CdtTrfTxInf").Remove() },
        { "twice", root => First(root, "GrpHdr").AddBeforeSelf(new XElement(First(root, "GrpHdr"))) },
        { "a choice of two", root => First(root, "ReqdExctnDt").Add(new XElement(Ns + "Dt", "2026-03-02")) },
        { "no choice", root => First(root, "Dt").Remove() },
        { "a stranger", root => First(root, "PmtId").Add(new XElement(Ns + "Extra", "x")) },
        { "what is not described", root => First(root, "PmtMtd").AddAfterSelf(new XElement(Ns + "ChrgBr", "SLEV")) },
        { "an old date", root => First(root, "ReqdExctnDt").ReplaceNodes("2026-03-02") },
        { "no date", root => First(root, "Dt").Value = "2026-02-30" },
        { "no moment", root => First(root, "CreDtTm").Value = "2026-03-02" },
        { "a long id", root => First(root, "MsgId").Value = new string('M', 36) },
        { "a long account", root => root.Descendants(Ns + "Othr").First().Element(Ns + "Id")!.Value = new string('6', 35) },
        { "an empty name", root => First(root, "Nm").Value = "" },
        { "a long name", root => First(root, "Nm").Value = new string('n', 141) },
        { "a count that is none", root => First(root, "NbOfTxs").Value = "1.0" },
        { "another method", root => First(root, "PmtMtd").Value = "TRX" },
        { "too many decimals", root => First(root, "InstdAmt").Value = "1.000001" },
        { "too many digits", root => First(root, "InstdAmt").Value = "12345678901234567.89" },
        { "below nothing", root => First(root, "InstdAmt").Value = "-1" },
        { "a currency that is none", root => First(root, "InstdAmt").SetAttributeValue("Ccy", "yuan") },
        { "no currency", root => First(root, "InstdAmt").RemoveAttributes() },
        { "an attribute", root => First(root, "Cdtr").SetAttributeValue("x", "y") },
        { "text between", root => First(root, "PmtId").Add("text") },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void The_description_of_the_format_sees(string damage, Action<XElement> change)
    {
        var file = File(Escrow, Order("A", 1), Order("B", 2));
        change(file.Root!);
        Assert.True(PainGrammar.Fault(file) is not null, damage);
    }

    private static XElement First(XElement root, string name) => root.Descendants(Ns + name).First();

    private static void Swap(XElement root, string one, string other)
    {
        var (first, second) = (First(root, one), First(root, other));
        var (mine, others) = (new XElement(first), new XElement(second));
        first.ReplaceWith(others);
        second.ReplaceWith(mine);
    }
}
