using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;

namespace Tendering.Escrow.Features;

/// <summary>Payment orders that wait go out together: the first that falls due takes all others of its currency along, in one pain.001 file.</summary>
public static class WritePaymentFile
{
    public static async Task OnDue(Guid id, EscrowDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var first = await db.PaymentOrders.SingleAsync(o => o.Id == id, ct);
        // Locked ones are another instance's: the row that fell due is ours already.
        var orders = await db.PaymentOrders.FromSql($"""
            select * from payment_order where next_due_at <= {now.ToUniversalTime()} and stage = 'Ordered' and currency = {first.Currency} order by sequence limit {PainFile.OrdersMax} for update skip locked
            """).ToListAsync(ct);
        if (orders.Count == 0) orders.Add(first);
        var bank = services.GetRequiredService<BankSettings>();
        var messageId = string.Create(CultureInfo.InvariantCulture, $"E{orders[0].Sequence}-{Guid.CreateVersion7():N}")[..30];
        var file = new PaymentFile
        {
            MessageId = messageId, Currency = first.Currency, Count = orders.Count, Total = orders.Sum(o => o.Amount), MadeAt = now,
            Content = PainFile.Of(messageId, new Payer(bank.Account, bank.AccountName, bank.Bank), orders, now, CamtChecks.Today(now, bank.Zone)),
        };
        foreach (var order in orders) order.PutInto(file.Id);
        db.Add(file);
    }
}
