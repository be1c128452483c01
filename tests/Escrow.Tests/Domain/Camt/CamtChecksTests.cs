using System.Text;
using Tendering.Escrow.Domain.Camt;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Domain.Camt;

public class CamtChecksTests
{
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private static IReadOnlyList<CheckedPart> Check(string text) => CamtChecks.Require(CamtReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), (_, _) => null, Zone), "ESCROW", Zone, Now);

    private static string Code(string text) => Assert.Throws<RuleBrokenException>(() => Check(text)).Code;

    private static CamtText Statement(params CamtLine[] lines) => new(true, 8, lines);

    [Fact]
    public void Five_decimals_are_taken_where_they_are_noughts_and_refused_where_they_are_not()
    {
        Assert.Equal(20_000_00, Assert.Single(Check(Statement(new CamtLine("R", "20000.00000")))[0].Entries).Amount);
        Assert.Equal("amount-too-precise", Code(Statement(new CamtLine("R", "20000.00100"))));
        Assert.Equal(5, Assert.Single(Check(Statement(new CamtLine("R", "5.000") { Currency = "JPY" }) with { Currency = "JPY" })[0].Entries).Amount);
        Assert.Equal("amount-too-precise", Code(Statement(new CamtLine("R", "5.5") { Currency = "JPY" }) with { Currency = "JPY" }));
        Assert.Equal("amount-out-of-range", Code(Statement(new CamtLine("R", "9999999999999999"))));
        Assert.Equal("amount-zero", Code(Statement(new CamtLine("R", "0.00"))));
    }

    [Fact]
    public void Opening_and_booked_entries_make_the_closing_balance()
    {
        var lines = new[] { new CamtLine("A", "10.00"), new CamtLine("B", "3.00", IsCredit: false), new CamtLine("P", "99.00") { Status = "PDNG" }, new CamtLine("I", "98.00") { Status = "INFO" } };
        var part = Assert.Single(Check(Statement(lines) with { Opening = "-5.00" }));
        Assert.Equal((-5_00, 2_00), (part.Opening, part.Closing));
        Assert.Equal([1, 1, 0, 0], part.Entries.Select(e => e.Lines.Count));
        Assert.Equal("statement-totals-wrong", Code(Statement(lines) with { Opening = "1.00", Closing = "8.01" }));
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "unknown-bank-account", Statement(new CamtLine("R", "1.00")) with { Account = "OTHER" } },
        { "wrong-currency", Statement(new CamtLine("R", "1.00") { Currency = "USD" }) },
        { "booking-date-in-future", Statement(new CamtLine("R", "1.00") { BookedAt = "2026-03-02T09:06:00+08:00" }) },
        { "booking-date-in-future", Statement(new CamtLine("R", "1.00") { Day = "2026-03-03" }) },
        { "booking-date-in-future", Statement(new CamtLine("R", "1.00")) with { Day = "2026-03-03" } },
        { "created-in-future", Statement() with { CreatedAt = "2026-03-02T10:00:00+08:00" } },
        { "entry-outside-statement", Statement(new CamtLine("R", "1.00")) with { Day = "2026-03-01" } },
        { "entry-without-reference", Statement(new CamtLine(null, "1.00")) },
        { "bank-reference-reused", Statement(new CamtLine("R", "1.00"), new CamtLine("R", "1.00")) },
        { "statement-paged", Statement() with { Pages = "<PgNb>2</PgNb><LastPgInd>true</LastPgInd>" } },
        { "statement-paged", Statement() with { Pages = "<PgNb>1</PgNb><LastPgInd>false</LastPgInd>" } },
        { "summary-wrong", Statement(new CamtLine("R", "1.00")) with { Summary = "<TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries>" } },
        { "summary-wrong", Statement(new CamtLine("R", "1.00")) with { Summary = "<TtlCdtNtries><Sum>1.01</Sum></TtlCdtNtries>" } },
        { "summary-wrong", Statement(new CamtLine("R", "1.00")) with { Summary = "<TtlDbtNtries><NbOfNtries>1</NbOfNtries></TtlDbtNtries>" } },
        { "summary-wrong", Statement(new CamtLine("R", "1.00")) with { Summary = "<TtlNtries><TtlNetNtry><Amt>1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TtlNetNtry></TtlNtries>" } },
        { "batch-totals-wrong", Statement(new CamtLine("R", "3.00") { Parts = [("a", "1.00"), ("b", "2.01")] }) },
        { "batch-totals-wrong", Statement(new CamtLine("R", "3.00") { Parts = [("a", "1.00"), ("b", "2.00")], Batch = ("3", null) }) },
        { "batch-totals-wrong", Statement(new CamtLine("R", "3.00") { Parts = [("a", "1.00"), ("b", "2.00")], Batch = ("2", "3.01") }) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_does_not_add_up_or_is_not_ours_is_refused_by_name(string code, string text) => Assert.Equal(code, Code(text));

    [Fact]
    public void Sums_that_are_right_are_taken() => Assert.Single(Check(Statement(new CamtLine("R", "1.00"), new CamtLine("S", "3.00", IsCredit: false)) with
    {
        Opening = "2.00",
        Summary = "<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>4.00</Sum><TtlNetNtry><Amt>2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TtlNetNtry></TtlNtries><TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>1</Sum></TtlCdtNtries><TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>3.0</Sum></TtlDbtNtries>",
    }));

    [Fact]
    public void A_batch_that_is_told_apart_is_as_many_movements_and_one_that_is_not_is_one_of_which_nobody_knows_whose()
    {
        var apart = Assert.Single(Check(Statement(new CamtLine("R", "3.00") { Parts = [("a", "1.00"), (null, "2.00")], Batch = ("2", "3.00") }))[0].Entries).Lines;
        Assert.Equal([("a", 1_00L, true), ("R/2", 2_00L, true)], apart.Select(l => (l.Reference, l.Amount, l.IsWhole)));
        Assert.All(apart, l => Assert.Equal(("R", 3_00), (l.EntryReference, l.EntryAmount)));
        var together = Assert.Single(Check(Statement(new CamtLine("R", "3.00") { Parts = [("a", null), ("b", null)] }))[0].Entries).Lines;
        Assert.Equal(("R", 3_00L, false), together.Select(l => (l.Reference, l.Amount, l.IsWhole)).Single());
    }

    [Fact]
    public void A_day_without_a_moment_leaves_open_when_it_was()
    {
        var line = Check(Statement(new CamtLine("R", "1.00") { Day = "2026-03-01" }))[0].Entries[0].Lines[0];
        Assert.Equal((new DateTimeOffset(2026, 2, 28, 16, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 3, 1, 16, 0, 0, TimeSpan.Zero).AddMicroseconds(-1)), (line.BookedFrom, line.BookedAt));
        var today = Check(Statement(new CamtLine("R", "1.00") { Day = "2026-03-02" }))[0].Entries[0].Lines[0];
        Assert.Equal(Now, today.BookedAt);                   // the file was made then, so it was not later
    }

    [Fact]
    public void Several_statements_of_a_file_are_each_checked()
    {
        var second = Statement(new CamtLine("S", "2.00")) with { Opening = "1.00" };
        Assert.Equal([1_00, 3_00], Check(Statement(new CamtLine("R", "1.00")) with { More = second.Part() }).Select(p => p.Closing));
        Assert.Equal("statement-totals-wrong", Code(Statement(new CamtLine("R", "1.00")) with { More = (second with { Closing = "4.00" }).Part() }));
    }

    public static TheoryData<string, string, string> Samples => new()
    {
        { "camt053.v2.minimal.xml", "", "wrong-currency" }, { "camt053.v8.xml", "", "statement-paged" }, { "camt053.v2.five.decimals.xml", "", "entry-without-reference" },
        { "camt053.v2.five.decimals.xml", "<AcctSvcrRef>R</AcctSvcrRef>", "statement-totals-wrong" }, { "camt053.v2.all-balance-types.xml", "<AcctSvcrRef>R</AcctSvcrRef>", "statement-totals-wrong" },
    };

    // The published samples are valid by the schema; their sums and currencies are invented, and a bank that sent them would be asked again.
    [Theory]
    [MemberData(nameof(Samples))]
    public void Published_samples_that_do_not_add_up_are_refused_with_the_reason(string name, string reference, string code)
    {
        var text = File.ReadAllText(Path.Combine(Servers.Shared("vectors/camt"), name)).Replace("</ValDt>", "</ValDt>" + reference, StringComparison.Ordinal);
        var file = CamtReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), (_, _) => null, Zone);
        Assert.Equal(code, Assert.Throws<RuleBrokenException>(() => CamtChecks.Require(file, file.Parts[0].Account, Zone, Now)).Code);
    }
}
