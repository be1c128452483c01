using System.Text;

namespace Tendering.Protocols.Tests;

public class OpeningScheduleTests
{
    private static readonly OpeningSchedule Good = new BidFixture().Schedule;

    [Fact]
    public void A_schedule_has_one_text()
        => Assert.Equal(
            """{"bidder":"0198a000-0000-7000-8000-000000000003","currency":"CNY","deliveryDays":180,"lot":"0198a000-0000-7000-8000-000000000002","price":123456789,"projectManager":"王工","remarks":null,"revision":1,"tender":"0198a000-0000-7000-8000-000000000001","version":"1"}""",
            Encoding.UTF8.GetString(Good.Canonical()));

    [Fact]
    public void A_schedule_reads_back() => Assert.Equal(Good, OpeningSchedule.Parse(Good.Canonical()));

    public static TheoryData<string, OpeningSchedule> Spoiled => new()
    {
        { ScheduleFault.Version, Good with { Version = "2" } },
        { ScheduleFault.Price, Good with { Price = 0 } },
        { ScheduleFault.Price, Good with { Price = -1 } },
        { ScheduleFault.Currency, Good with { Currency = "cny" } },
        { ScheduleFault.Currency, Good with { Currency = "RMB" } },
        { ScheduleFault.Currency, Good with { Currency = "" } },
        { ScheduleFault.DeliveryDays, Good with { DeliveryDays = 0 } },
        { ScheduleFault.DeliveryDays, Good with { DeliveryDays = 36_501 } },
        { ScheduleFault.TooLong, Good with { Remarks = new string('字', 2_001) } },
        { ScheduleFault.TooLong, Good with { ProjectManager = new string('字', 101) } },
        { ScheduleFault.Malformed, Good with { Remarks = new string('字', 30_000) } },
    };

    [Theory]
    [MemberData(nameof(Spoiled))]
    public void A_spoiled_schedule_is_refused_with_its_code(string code, OpeningSchedule schedule)
        => Assert.Equal(code, Assert.Throws<ScheduleException>(() => OpeningSchedule.Parse(schedule.Canonical())).Code);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("一百万元")]
    [InlineData("{}")]
    [InlineData("""{"price":12.5}""")]
    public void What_is_no_schedule_is_refused(string text)
        => Assert.Equal(ScheduleFault.Malformed, Assert.Throws<ScheduleException>(() => OpeningSchedule.Parse(Encoding.UTF8.GetBytes(text))).Code);

    [Theory]
    [InlineData("123456789", "123456789.5")]
    [InlineData("123456789", "\"123456789\"")]
    [InlineData("123456789", "1.23456789e8")]
    [InlineData("123456789", "9007199254740993")]
    [InlineData("\"remarks\":null,", "")]
    [InlineData("\"CNY\"", "null")]
    public void A_schedule_in_another_form_is_refused(string part, string other)
    {
        var text = Encoding.UTF8.GetString(Good.Canonical());
        Assert.Contains(part, text, StringComparison.Ordinal);
        var changed = Encoding.UTF8.GetBytes(text.Replace(part, other, StringComparison.Ordinal));
        Assert.Equal(ScheduleFault.Malformed, Assert.Throws<ScheduleException>(() => OpeningSchedule.Parse(changed)).Code);
    }

    [Fact]
    public async Task A_schedule_of_another_bid_is_refused()
    {
        var manifest = (await new BidFixture().SealAsync()).Manifest;
        Assert.Equal(Good, OpeningSchedule.Parse(Good.Canonical(), manifest));
        Assert.All(
            new[] { Good with { Tender = Guid.NewGuid() }, Good with { Lot = Guid.NewGuid() }, Good with { Bidder = Guid.NewGuid() }, Good with { Revision = 2 } },
            other => Assert.Equal(ScheduleFault.Identity, Assert.Throws<ScheduleException>(() => OpeningSchedule.Parse(other.Canonical(), manifest)).Code));
    }

    [Fact]
    public void The_currencies_are_those_of_OCDS_that_still_pay()
    {
        var codes = File.ReadLines(Path.Combine(Vectors.Folder("ocds"), "codelists", "currency.csv")).Skip(1)
            .Select(line => line.Split(',')[0]).Where(code => code.Length == 3).ToHashSet();
        Assert.True(codes.Count > 150);
        string[] newerThanTheList = ["SLE", "VED", "ZWG"];
        for (var n = 0; n < 26 * 26 * 26; n++)
        {
            string code = new([(char)('A' + (n / 676)), (char)('A' + (n / 26 % 26)), (char)('A' + (n % 26))]);
            Assert.True(!Iso4217.IsCurrency(code) || codes.Contains(code) || newerThanTheList.Contains(code), code);
        }
    }
}
