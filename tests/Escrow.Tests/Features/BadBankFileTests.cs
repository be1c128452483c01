using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

/// <summary>What must not be booked, and is not.</summary>
public class BadBankFileTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private Task<(int, int, int)> CountAsync() => host.InDbAsync(async (EscrowDb db) =>
        (await db.BankEntries.CountAsync(), await db.BankFiles.CountAsync(), await db.Database.SqlQuery<int>($"""select count(*)::int as "Value" from transfer""").SingleAsync()));

    public static TheoryData<string, int, string> Bad => new()
    {
        { "", 400, "malformed" }, { "<a", 400, "malformed" }, { "{}", 400, "malformed" }, { "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.052.001.08\"/>", 400, "malformed" },
        { "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><Document>&b;</Document>", 400, "malformed" },
        { "negative", 400, "malformed" }, { "zero", 409, "amount-zero" }, { "overflow", 409, "amount-out-of-range" }, { "nineteen digits", 400, "malformed" }, { "precise", 409, "amount-too-precise" },
        { "currency", 409, "wrong-currency" }, { "account", 409, "unknown-bank-account" }, { "future", 409, "booking-date-in-future" }, { "totals", 409, "statement-totals-wrong" }, { "reference", 409, "entry-without-reference" },
    };

    // A good entry stands before the bad one: all of it is refused.
    [Theory]
    [MemberData(nameof(Bad))]
    public async Task It_is_refused_by_name_and_nothing_is_booked(string what, int status, string code)
    {
        var lot = await host.PublishAsync();
        var good = host.NoticeOf(lot, await host.RegisterAsync(lot)).Line;
        var bad = good with { Reference = $"X{Guid.NewGuid():N}" };
        CamtText Of(CamtLine line) => new(true, 8, good, line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()), Day = host.Today };
        string text = what switch
        {
            "negative" => Of(bad with { Amount = "-1.00" }) with { Closing = "1" }, "zero" => Of(bad with { Amount = "0.00" }), "overflow" => Of(bad with { Amount = "99999999999999.99" }),
            "nineteen digits" => Of(bad with { Amount = "1234567890123456789" }), "precise" => Of(bad with { Amount = "1.001" }), "currency" => Of(bad with { Currency = "USD" }),
            "account" => Of(bad) with { Account = "6228" }, "future" => Of(bad with { BookedAt = EscrowHost.Text(host.Clock.GetUtcNow().AddHours(1)) }), "totals" => Of(bad) with { Closing = "7.77" },
            "reference" => Of(bad with { Reference = null }), _ => what,
        };
        var before = await CountAsync();
        var answer = await host.ImportAsync(text);
        Assert.Equal((status, code), ((int)answer.StatusCode, await answer.CodeAsync()));
        Assert.Equal(before, await CountAsync());
    }

    /// <summary>Makes its bytes as they are asked for, and says how many it made.</summary>
    private sealed class EndlessContent(long length, bool announced) : HttpContent
    {
        public long Written { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var head = Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>");
            await stream.WriteAsync(head);
            var chunk = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<x>0123456789</x>", 4_000)));
            for (Written = head.Length; Written < length; Written += chunk.Length) await stream.WriteAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, length - Written)));
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = announced ? length : 0;
            return announced;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gigabyte_is_refused_long_before_its_end(bool announced)
    {
        const long Gigabyte = 1L << 30;
        using var content = new EndlessContent(Gigabyte, announced);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/xml");
        // As a client that asks before it sends so much, and has the patience to wait for the answer.
        using var client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }) { BaseAddress = new Uri(host.Address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", host.TokenFor([Roles.Bank], Guid.CreateVersion7(), Guid.CreateVersion7()));
        client.DefaultRequestHeaders.ExpectContinue = announced;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/escrow/bank-files") { Content = content };
        try
        {
            using var answer = await client.SendAsync(request);
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too-large"), (answer.StatusCode, await answer.CodeAsync()));
        }
        catch (HttpRequestException e) when (!announced && e.InnerException is IOException) { }       // cut off while it was still sending
        Assert.InRange(content.Written, 0, Gigabyte / 2);
        Assert.True(host.Services.GetService(typeof(BankSettings)) is not null);
        Assert.Equal(HttpStatusCode.OK, (await host.Public().GetAsync("/health/live")).StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    public async Task What_does_not_call_itself_XML_is_not_read(string? type)
    {
        using var content = new StringContent("{}");
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        var answer = await host.As(Roles.Bank).PostAsync("/api/escrow/bank-files", content);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported-media-type"), (answer.StatusCode, await answer.CodeAsync()));
        // Who may not call is told only that.
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Agency).PostAsync("/api/escrow/bank-files", content)).StatusCode);
    }
}
