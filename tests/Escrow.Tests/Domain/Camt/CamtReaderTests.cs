using System.Text;
using System.Xml.Schema;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Domain.Camt;

public class CamtReaderTests
{
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

    private static CamtFile Read(string text) => CamtReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), (_, _) => null, Zone);

    private static string Fault(string text) => Assert.Throws<MalformedException>(() => Read(text)) is var e ? $"{e.Field}: {e.Message}" : "";

    public static TheoryData<bool, int> Versions => [.. from statement in new[] { true, false } from version in CamtGrammar.Versions select (statement, version)];

    [Theory]
    [MemberData(nameof(Versions))]
    public void All_that_we_use_is_read_in_every_version(bool statement, int version)
    {
        var line = new CamtLine("R1", "20000.00") { DebtorAccount = "6222 01", DebtorName = "建筑 & Söhne", CreditorAccount = "8800000000000011", EndToEndId = "E1", Remittance = "deposit", Reversal = false };
        var file = Read(new CamtText(statement, version, line, new CamtLine("R2", "1.5", IsCredit: false) { Status = "PDNG", BookedAt = null, Day = "2026-03-03" }));
        Assert.Equal((statement ? CamtKind.Statement : CamtKind.Notification, version), (file.Kind, file.Version));
        var part = Assert.Single(file.Parts);
        Assert.Equal(("ESCROW", "CNY", 2), (part.Account, part.Currency, part.Entries.Count));
        var entry = part.Entries[0];
        Assert.Equal(("R1", new CamtAmount(20_000m, "CNY"), true, false, CamtStatus.Booked, "PMNT/RCDT/DMCT"), (entry.Reference, entry.Amount, entry.IsCredit, entry.IsReversal, entry.Status, entry.Code));
        Assert.Equal(new CamtDate(new DateOnly(2026, 3, 2), new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero)), entry.Booking);
        var detail = Assert.Single(entry.Details);
        Assert.Equal(("E1", "建筑 & Söhne", "6222 01", "8800000000000011", "deposit"), (detail.EndToEndId, detail.DebtorName, detail.DebtorAccount, detail.CreditorAccount, detail.Remittance));
        Assert.Equal((CamtStatus.Pending, new CamtDate(new DateOnly(2026, 3, 3), null), false), (part.Entries[1].Status, part.Entries[1].Booking, part.Entries[1].IsCredit));
        Assert.Equal(statement ? 2 : 0, part.Balances.Count);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void What_we_write_for_tests_is_valid_by_the_published_schema(bool statement, int version)
    {
        var (kind, folder) = (statement ? CamtKind.Statement : CamtKind.Notification, Servers.Shared("vectors/camt"));
        var schema = new CamtSchemas(folder).Find(kind, version);
        Assert.SkipWhen(schema is null, "There is no published schema of this version beside the checkout.");
        var text = new CamtText(statement, version, new CamtLine("R1", "20000.00") { DebtorAccount = "6222", DebtorName = "B", CreditorAccount = "88", EndToEndId = "E1", Remittance = "x", ReturnReason = "AC04" },
            new CamtLine("R2", "3.00") { Parts = [("a", "1.00"), ("b", "2.00")], Batch = ("2", "3.00"), Day = "2026-03-02" });
        Assert.Equal(2, CamtReader.Read(text.Stream(), (_, _) => schema, Zone).Parts[0].Entries.Count);
        var bad = text.ToString().Replace("<ValDt>", "<ValDt><Nonsense/>", StringComparison.Ordinal);
        Assert.Equal("schema", Assert.Throws<MalformedException>(() => CamtReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(bad)), (_, _) => schema, Zone)).Field);
    }

    public static TheoryData<string, int, int> Samples => new()
    {
        { "camt053.v2.minimal.xml", 2, 1 }, { "camt053.v2.minimal.ultimate.xml", 2, 1 }, { "camt053.v2.five.decimals.xml", 2, 1 }, { "camt053.v2.all-balance-types.xml", 2, 1 },
        { "camt053.v8.xml", 8, 1 }, { "camt054.v2.xml", 2, 3 },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Published_samples_are_read(string name, int version, int details)
    {
        var folder = Servers.Shared("vectors/camt");
        using var content = File.OpenRead(Path.Combine(folder, name));
        var file = CamtReader.Read(content, new CamtSchemas(folder).Find, Zone);
        Assert.Equal((version, details), (file.Version, Assert.Single(Assert.Single(file.Parts).Entries).Details.Count));
    }

    [Fact]
    public void The_sample_that_is_wrong_on_purpose_is_refused_with_the_schema_and_without()
    {
        var folder = Servers.Shared("vectors/camt");
        using var content = File.OpenRead(Path.Combine(folder, "camt053.v2.wrong.xml"));
        Assert.Equal("schema", Assert.Throws<MalformedException>(() => CamtReader.Read(content, new CamtSchemas(folder).Find, Zone)).Field);
        content.Position = 0;
        Assert.Equal("Stmt is missing.", Assert.Throws<MalformedException>(() => CamtReader.Read(content, (_, _) => null, Zone)).Message);
    }

    // The grammar was written by hand: it is held against the schema, type by type, in names, order and number.
    [Theory]
    [MemberData(nameof(Versions))]
    public void The_grammar_is_that_of_the_published_schema(bool statement, int version)
    {
        var kind = statement ? CamtKind.Statement : CamtKind.Notification;
        var schemas = new CamtSchemas(Servers.Shared("vectors/camt")).Find(kind, version);
        Assert.SkipWhen(schemas is null, "There is no published schema of this version beside the checkout.");
        var document = (XmlSchemaElement)schemas.GlobalElements.Values.Cast<object>().Single();
        var root = (XmlSchemaElement)((XmlSchemaGroupBase)((XmlSchemaComplexType)document.ElementSchemaType!).ContentTypeParticle).Items[0];
        Assert.Equal(CamtGrammar.RootOf(kind).Element, root.Name);
        var seen = new HashSet<string>();
        Compare(root, CamtGrammar.RootOf(kind).Type);
        Assert.True(seen.Count > 30, $"only {seen.Count} types were compared");

        void Compare(XmlSchemaElement element, string type)
        {
            if (CamtGrammar.ModelOf(type, version) is not { } model)
            {
                Assert.False(element.ElementSchemaType is XmlSchemaComplexType { ContentType: XmlSchemaContentType.ElementOnly }, $"{type} has children");
                return;
            }
            if (!seen.Add($"{type} {element.ElementSchemaType!.Name}")) return;
            var group = (XmlSchemaGroupBase)((XmlSchemaComplexType)element.ElementSchemaType!).ContentTypeParticle;
            // A sequence of one choice is written as that choice.
            if (group.Items is [XmlSchemaChoice only]) group = only;
            var children = group.Items.Cast<XmlSchemaElement>().ToArray();
            Assert.Equal(model.IsChoice, group is XmlSchemaChoice);
            Assert.Equal($"{type}: {string.Join(' ', children.Select(c => c.Name + Occurrence(c, group)))}", $"{type}: {string.Join(' ', model.Items.Select(i => i.Name + i.Occurrence))}");
            foreach (var (child, item) in children.Zip(model.Items)) if (item.Type is not null) Compare(child, item.Type);
        }

        static char Occurrence(XmlSchemaElement element, XmlSchemaGroupBase group) => group is XmlSchemaChoice ? '1' : (element.MinOccurs, element.MaxOccurs) switch { (1, 1) => '1', (0, 1) => '?', (0, _) => '*', _ => '+' };
    }

    public static TheoryData<string, string> Nonsense
    {
        get
        {
            string good = new CamtText(true, 8, new CamtLine("R1", "1.00") { DebtorAccount = "1" });
            string Replace(string old, string with) => good.Contains(old, StringComparison.Ordinal) ? good.Replace(old, with, StringComparison.Ordinal) : throw new InvalidOperationException(old);
            return new()
            {
                { "", "xml" }, { "not xml", "xml" }, { good[..^20], "xml" }, { good + "<more/>", "xml" }, { "{\"json\":true}", "xml" }, { good.Replace("R1", "R1\0", StringComparison.Ordinal), "xml" },
                { "<!DOCTYPE a [<!ENTITY x \"y\">]>" + good[good.IndexOf("<Document", StringComparison.Ordinal)..], "xml" },
                { Replace("camt.053.001.08", "camt.053.001.13"), "Document" }, { "<Document/>", "Document" }, { "<html></html>", "Document" },
                { Replace("<Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt Ccy=\"CNY\">-1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt" },
                { Replace("<Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt Ccy=\"CNY\">1e3</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt" },
                { Replace("<Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt Ccy=\"CNY\">1234567890123456789</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt" },
                { Replace("<Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt Ccy=\"CNY\">1.000001</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt" },
                { Replace("<Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt" },
                { Replace("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<CdtDbtInd>BOTH</CdtDbtInd><Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/CdtDbtInd" },
                { Replace("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]" },
                { Replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Sts" },
                { Replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>HUH</Cd></Sts>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/Sts" },
                { Replace("2026-03-02T09:00:00+08:00</DtTm>", "2026-02-30T09:00:00+08:00</DtTm>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/BookgDt/DtTm" },
                { Replace("<AcctSvcrRef>R1</AcctSvcrRef>", "<AcctSvcrRef>R1</AcctSvcrRef><AcctSvcrRef>R2</AcctSvcrRef>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]" },
                { Replace("<AcctSvcrRef>R1</AcctSvcrRef>", $"<AcctSvcrRef>{new string('9', 36)}</AcctSvcrRef>"), "BkToCstmrStmt/Stmt[1]/Ntry[1]/AcctSvcrRef" },
                { Replace("<Ntry>", "<Ntry>text"), "BkToCstmrStmt/Stmt[1]/Ntry[1]" },
                { Replace("<Ntry>", "<Ntry xmlns=\"urn:other\">"), "BkToCstmrStmt/Stmt[1]" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Nonsense_is_named_by_its_place(string text, string place) => Assert.StartsWith(place + ": ", Fault(text), StringComparison.Ordinal);

    [Fact]
    public void An_entity_bomb_is_refused_before_it_goes_off()
    {
        var bomb = new StringBuilder("<!DOCTYPE lolz [<!ENTITY lol \"lol\">");
        for (var n = 1; n < 30; n++) bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"<!ENTITY lol{n} \"{string.Concat(Enumerable.Repeat($"&lol{(n == 1 ? "" : n - 1)};", 10))}\">");
        Assert.Contains("DTD", Fault(bomb + "]><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">&lol29;</Document>"), StringComparison.Ordinal);
        Assert.Contains("DTD", Fault("<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><Document/>"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tower_of_elements_does_not_fall()
    {
        var tower = string.Concat(Enumerable.Repeat("<a>", 200_000)) + string.Concat(Enumerable.Repeat("</a>", 200_000));
        string text = new CamtText(true, 8, new CamtLine("R1", "1.00"));
        Assert.Single(Read(text.Replace("<Acct>", $"<FrToDt>{tower}</FrToDt><Acct>", StringComparison.Ordinal)).Parts);
    }
}
