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

    private static XElement Root(params PaymentOrder[] orders)
    {
        var content = PainFile.Of("M1", new Payer("ESCROW", "Escrow & Co", "Bank"), orders, Now, new DateOnly(2026, 3, 2));
        return XDocument.Load(new MemoryStream(content)).Root!.Elements().Single();
    }

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

    // The order of elements that pain.001.001.09 asks for, and its longest texts.
    [Fact]
    public void Elements_stand_in_the_order_of_the_format_and_texts_are_as_long_as_it_takes()
    {
        var root = Root(Order("A", 1, name: string.Concat(Enumerable.Repeat("\U0001F4DC", 90))));
        Assert.Equal(["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"], root.Element(Ns + "GrpHdr")!.Elements().Select(e => e.Name.LocalName));
        Assert.Equal(["PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "CdtTrfTxInf"], root.Element(Ns + "PmtInf")!.Elements().Select(e => e.Name.LocalName));
        Assert.Equal(["PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf"], root.Descendants(Ns + "CdtTrfTxInf").Single().Elements().Select(e => e.Name.LocalName));
        Assert.All(root.Descendants().Where(e => e.Name.LocalName is "MsgId" or "PmtInfId" or "EndToEndId" or "InstrId"), e => Assert.InRange(e.Value.Length, 1, 35));
        Assert.All(root.Descendants().Where(e => e.Name.LocalName is "Nm" or "Ustrd"), e => Assert.InRange(e.Value.Length, 1, 140));
    }
}
