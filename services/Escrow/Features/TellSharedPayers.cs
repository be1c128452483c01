using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// When the secrecy of a lot has ended, supervision learns of every account from which payments for several of its bidders came. Taken or sent back: a
/// payment from another's account secures nothing, and is a trace all the same.
/// </summary>
public static class TellSharedPayers
{
    public static Task OnOpeningCompleted(Received<OpeningCompleted> message, EscrowDb db, CancellationToken ct) => TellAsync(db, message.Event.LotId, message.Event.CompletedAt, message.Now, ct);

    /// <summary>A lot that fails without an opening has no secret any more either.</summary>
    public static async Task OnLotFailed(Received<LotFailed> message, EscrowDb db, CancellationToken ct) => await TellAsync(db, message.Event.LotId, message.Event.FailedAt, message.Now, ct);

    private sealed record Line(string Account, string PayerName, Guid BidderId, string BidderName, string Reference, long Amount, string Outcome, DateTimeOffset BookedAt);

    private static async Task TellAsync(EscrowDb db, Guid lotId, DateTimeOffset openedAt, DateTimeOffset now, CancellationToken ct)
    {
        await db.LockLotAsync(lotId, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == lotId, ct);
        if (lot.OpenedAt is not null) return;
        lot.OpenedAt = openedAt;
        if (RuleSet.Get(lot.RuleSet).Find(RuleKey.SharedPayer) is not { } rule) return;
        var lines = await db.Database.SqlQuery<Line>($"""
            with paid as (
              select replace(e.counterparty_account, ' ', '') as account, e.*, s.bidder_id, s.bidder_name from bank_entry e join sub_account s on s.id = e.sub_account_id
              where s.lot_id = {lotId} and e.is_credit and e.counterparty_account <> '')
            select account as "Account", counterparty_name as "PayerName", bidder_id as "BidderId", bidder_name as "BidderName", reference as "Reference", amount as "Amount", lower(outcome) as "Outcome", booked_at as "BookedAt"
            from paid where account in (select account from paid group by account having count(distinct bidder_id) > 1) order by account, booked_at, reference
            """).ToListAsync(ct);
        foreach (var shared in lines.GroupBy(l => l.Account))
            db.Publish(new SharedPayerFound(lot.TenderId, lot.Id, shared.Key, shared.First().PayerName,
                [.. shared.Select(l => new SharedPayment(l.BidderId, l.BidderName, l.Reference, l.Amount, l.Outcome, l.BookedAt))], rule.Id, rule.Article, now), now);
    }
}
