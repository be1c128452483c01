using System.Net;
using System.Xml.Linq;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class WritePaymentFileTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<PaymentOrder> OrderAsync()
    {
        var lot = await host.PublishAsync();
        var bidder = await host.RegisterAsync(lot);
        await host.TakenAsync(host.NoticeOf(lot, bidder) with { Amount = 7 });
        var order = Assert.Single(await host.OrdersToAsync(bidder));
        await ServiceFixture.EventuallyAsync(async () => (await FindAsync(order.Id)).FileId is not null, "the order's file");
        return await FindAsync(order.Id);
    }

    private Task<PaymentOrder> FindAsync(Guid id) => host.InDbAsync((EscrowDb db) => db.PaymentOrders.AsNoTracking().SingleAsync(o => o.Id == id));

    private async Task<GetPaymentFile.Item[]> FilesAsync(bool open, string role = Roles.Bank) =>
        await EscrowHost.ReadAsync<GetPaymentFile.Item[]>(await host.As(role).GetAsync($"/api/escrow/payment-files?open={(open ? "true" : "false")}"));

    [Fact]
    public async Task Each_order_goes_out_in_one_file_that_stays_open_until_the_bank_shows_it_as_paid()
    {
        var order = await OrderAsync();
        var file = Assert.Single(await FilesAsync(open: true), f => f.Id == order.FileId);
        Assert.Equal((1, 7, "CNY", 1), (file.Count, file.Total, file.Currency, file.Open));
        var content = await host.As(Roles.Finance).GetAsync($"/api/escrow/payment-files/{file.Id}");
        Assert.Equal("application/xml", content.Content.Headers.ContentType!.MediaType);
        Assert.Contains(order.EndToEndId, await content.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).StatusCode);
        Assert.DoesNotContain(await FilesAsync(open: true), f => f.Id == file.Id);
        Assert.Contains(await FilesAsync(open: false, Roles.Finance), f => f.Id == file.Id && f.Open == 0);
        foreach (var role in Roles.All.Where(r => r is not (Roles.Bank or Roles.Finance))) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/escrow/payment-files")).StatusCode);
    }

    [Fact]
    public async Task An_order_that_the_bank_lost_goes_out_again_by_a_document_under_its_old_id()
    {
        var order = await OrderAsync();
        var path = $"/api/escrow/payment-orders/{order.Id}/repetitions";
        Assert.Equal(HttpStatusCode.BadRequest, (await host.As(Roles.Finance).PostAsync(path, new SendOrderAgain.Request(""))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.As(Roles.Finance).PostAsync(path, new SendOrderAgain.Request("BANK-9"))).StatusCode);
        var told = Assert.Single(await host.PublishedAsync<PaymentOrderRepeated, EscrowDb>(), e => e.OrderId == order.Id);
        var bidder = await host.InDbAsync((EscrowDb db) => db.SubAccounts.SingleAsync(s => s.BidderId == told.BidderId));
        Assert.Equal((order.EndToEndId, "return", 7, "BANK-9", bidder.TenderId, bidder.LotId), (told.EndToEndId, told.Reason, told.Amount, told.DocumentNumber, told.TenderId, told.LotId));
        await ServiceFixture.EventuallyAsync(async () => (await FindAsync(order.Id)).FileId is { } file && file != order.FileId, "another file");
        var again = await FindAsync(order.Id);
        Assert.Contains(order.EndToEndId, await host.As(Roles.Bank).GetStringAsync($"/api/escrow/payment-files/{again.FileId}"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await host.ConfirmAsync(order.Id, $"P{order.Id:N}")).StatusCode);
        Assert.Equal("payment-order-confirmed", await (await host.As(Roles.Finance).PostAsync(path, new SendOrderAgain.Request("BANK-9"))).CodeAsync());
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Every_number_in_a_file_is_right_and_no_order_is_in_two()
    {
        for (var n = 0; n < 4; n++) await OrderAsync();
        var seen = new List<string>();
        foreach (var file in await FilesAsync(open: false))
        {
            var root = XDocument.Parse(await host.As(Roles.Bank).GetStringAsync($"/api/escrow/payment-files/{file.Id}")).Root!;
            var ids = root.Descendants().Where(e => e.Name.LocalName == "EndToEndId").Select(e => e.Value).ToArray();
            Assert.Equal(file.Count, ids.Length);
            Assert.Equal(EscrowHost.Text(file.Total, file.Currency), root.Descendants().First(e => e.Name.LocalName == "CtrlSum").Value);
            Assert.Equal(file.MessageId, root.Descendants().First(e => e.Name.LocalName == "MsgId").Value);
            seen.AddRange(ids);
        }
        var repeated = await host.InDbAsync((EscrowDb db) => db.Database.SqlQuery<int>($"""select count(*)::int as "Value" from payment_repetition""").SingleAsync());
        Assert.Equal(seen.Count, seen.Distinct().Count() + repeated);
    }
}
