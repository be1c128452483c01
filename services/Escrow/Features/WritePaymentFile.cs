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
        var bank = services.GetRequiredService<BankSettings>();
        var file = Guid.CreateVersion7();
        // One statement for all of them; what another instance works on is passed by, the row that fell due is ours already.
        var orders = (await db.PaymentOrders.FromSql($"""
            update payment_order set file_id = {file}, next_due_at = null where id in (
              select id from payment_order where next_due_at <= {now.ToUniversalTime()} and currency = (select currency from payment_order where id = {id}) order by sequence limit {PainFile.OrdersMax} for update skip locked)
            returning *
            """).AsNoTracking().ToListAsync(ct)).OrderBy(o => o.Sequence).ToList();
        if (orders.Count == 0) return;
        var messageId = string.Create(CultureInfo.InvariantCulture, $"E{orders[0].Sequence}-{file:N}")[..30];
        db.Add(new PaymentFile
        {
            Id = file, MessageId = messageId, Currency = orders[0].Currency, Count = orders.Count, Total = orders.Sum(o => o.Amount), MadeAt = now,
            Content = PainFile.Of(messageId, new Payer(bank.Account, bank.AccountName, bank.Bank), orders, now, CamtChecks.Today(now, bank.Zone)),
        });
    }
}
