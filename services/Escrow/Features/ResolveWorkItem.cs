using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Finance decides on an entry of the bank, by a document; what follows is booked with the decision.</summary>
public static class ResolveWorkItem
{
    /// <param name="SubAccount">For assign: the virtual account number, a bidder's or a claim's.</param>
    /// <param name="BookedAt">For assign, where the bank told only the day: the moment by the document.</param>
    /// <param name="OrderId">For confirm.</param>
    /// <param name="OtherItem">For offset.</param>
    /// <param name="ToAccount">For send-back, with the name: another account than the sender's or the former payee's.</param>
    public sealed record Request(
        Resolution Resolution, [property: StringLength(100, MinimumLength = 1)] string DocumentNumber, [property: RegularExpression("^[0-9a-f]{64}$")] string? DocumentHash = null,
        [property: StringLength(40, MinimumLength = 1)] string? SubAccount = null, DateTimeOffset? BookedAt = null, Guid? OrderId = null, Guid? OtherItem = null,
        [property: StringLength(34, MinimumLength = 1)] string? ToAccount = null, [property: StringLength(200, MinimumLength = 1)] string? ToName = null);

    /// <summary>The order that pays the money out, where one follows.</summary>
    public sealed record Response(Guid Id, Resolution Resolution, Guid? OrderId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/work-items/{id:guid}/resolution", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("Resolve an item of the work list")
        .WithDescription("assign: it is a bidder's deposit after all, or pays the claim on a guarantee letter; send-back: to its sender, or a payment that came back is paid anew; interest, fee: the bank's own; confirm: it paid an order; offset: it and another item undo each other; undo: a receipt that the bank took back is taken from the bidder. Always with the number of the document that says so.");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, EscrowDb db, BankSettings bank, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var seen = (await db.WorkItems.AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, ct)).Or404("work item");
        // Lots and letters before items, as imports do.
        var bidder = request.Resolution switch
        {
            Resolution.Assign => await BidderAsync(db, s => s.Number == request.SubAccount, ct),
            Resolution.Undo when seen.SubAccountId is { } account => await BidderAsync(db, s => s.Id == account, ct),
            _ => null,
        };
        var letter = request.Resolution == Resolution.Assign && bidder is null
            ? await db.GuaranteeLetters.FromSql($"select * from guarantee_letter where claim_account = {request.SubAccount} for update").SingleOrDefaultAsync(ct) : null;
        var ids = new[] { id, request.OtherItem ?? id };
        var items = await db.WorkItems.FromSql($"select * from work_item where id = any ({ids}) order by id for update").ToDictionaryAsync(i => i.Id, ct);
        var (item, other) = (items[id], request.OtherItem is { } named && named != id ? items.GetValueOrDefault(named) : null);
        var entry = await db.BankEntries.AsNoTracking().SingleAsync(e => e.Reference == item.Reference, ct);
        item.Resolve(request.Resolution, request.DocumentNumber, request.DocumentHash, caller.Person, now);
        var work = new Work(db, item, entry, request, bank, now);
        var order = request.Resolution switch
        {
            Resolution.Assign => letter is null ? await work.AssignAsync(bidder, ct) : await work.TakeClaimAsync(letter, ct),
            Resolution.SendBack => await work.SendBackAsync(ct),
            Resolution.Interest => await work.MoveAsync(SystemAccount.Suspense, SystemAccount.Interest, "bank-interest", ct),
            Resolution.Fee => await work.MoveAsync(SystemAccount.Fees, SystemAccount.Suspense, "bank-fee", ct),
            Resolution.Confirm => await work.ConfirmAsync(ct),
            Resolution.Offset => Offset(item, other, request, caller.Person, now),
            _ => await work.UndoAsync(bidder, ct),
        };
        var concern = bidder is not null ? Concern.Of(bidder) : letter is not null ? Concern.Of(letter) : await ConcernOfAsync(db, item, order, ct);
        Tell(db, item, concern, order, other?.Id, now);
        if (request.Resolution == Resolution.Offset) Tell(db, other!, await ConcernOfAsync(db, other!, null, ct), null, item.Id, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(item.Id, request.Resolution, request.Resolution == Resolution.Confirm ? null : order));
    }

    private static async Task<Concern?> ConcernOfAsync(EscrowDb db, WorkItem item, Guid? orderId, CancellationToken ct) =>
        await Concern.OfAccountAsync(db, item.SubAccountId, ct)
        ?? ((orderId ?? item.OrderId) is { } id && await db.PaymentOrders.FindAsync([id], ct) is { } order ? await Concern.OfOrderAsync(db, order, ct) : null);

    private static void Tell(EscrowDb db, WorkItem item, Concern? concern, Guid? order, Guid? other, DateTimeOffset now) => db.Publish(new WorkItemResolved(
        item.Id, item.Reference, item.Code, JsonNamingPolicy.KebabCaseLower.ConvertName($"{item.Resolution}"), item.IsCredit, item.Amount, item.Currency, item.DocumentNumber!, item.DocumentHash,
        concern?.TenderId, concern?.LotId, concern?.BidderId, order, other, now), now);

    private static async Task<SubAccount?> BidderAsync(EscrowDb db, System.Linq.Expressions.Expression<Func<SubAccount, bool>> which, CancellationToken ct)
    {
        if (await db.SubAccounts.AsNoTracking().SingleOrDefaultAsync(which, ct) is not { Number: not null } bidder) return null;
        await db.LockLotAsync(bidder.LotId, ct, shared: true);
        return await db.SubAccounts.FromSql($"select * from sub_account where id = {bidder.Id} for update").AsNoTracking().SingleAsync(ct);
    }

    private static Guid? Offset(WorkItem item, WorkItem? other, Request request, Guid person, DateTimeOffset now)
    {
        Rule.Require(other is not null, "other-item-needed", "Name the item that undoes this one.");
        Rule.Require(other!.IsCredit != item.IsCredit && other.Amount == item.Amount && other.Currency == item.Currency, "items-do-not-offset", "Two items undo each other if one is in, one is out, and the sum is the same.");
        other.Resolve(Resolution.Offset, request.DocumentNumber, request.DocumentHash, person, now);
        return null;
    }

    private sealed class Work(EscrowDb db, WorkItem item, BankEntry entry, Request request, BankSettings bank, DateTimeOffset now)
    {
        private Guid Account(SystemAccount account) => Chart.IdOf(account, item.Currency);
        private Guid TransferId => DerivedId.Of($"resolved:{item.Id}");

        public async Task<Guid?> AssignAsync(SubAccount? bidder, CancellationToken ct)
        {
            Rule.Require(bidder is not null, "deposit-unknown-account", "There is no such virtual account.");
            var at = request.BookedAt ?? entry.BookedAt;
            Rule.Require(CamtChecks.Today(at, bank.Zone) == entry.BookingDay, "booking-day-differs", $"The bank booked it on {entry.BookingDay:yyyy-MM-dd}: the moment must be of that day.");
            var (lot, basic) = (await db.Lots.FindAsync([bidder!.LotId], ct), (await db.BasicAccounts.FindAsync([bidder.BidderId], ct))!);
            var isSecured = await Securing.IsSecuredAsync(db, bidder.Id, ct);
            // The document says that it is the bidder's money; amount, time and everything else are judged as ever.
            var judgement = new Payment(item.Reference, bidder.Number!, item.Amount, item.Currency, basic.Number, basic.Name, at).Judge(lot, bidder, basic, isSecured);
            Rule.Require(judgement.Outcome == Outcome.Secured, judgement.Code ?? "", $"It cannot be this bidder's deposit: {judgement.Reason} Send it back instead.");
            var payer = entry.CounterpartyAccount.Length > 0 ? (entry.CounterpartyAccount, entry.CounterpartyName) : (basic.Number, basic.Name);
            var deposit = Deposit.Secure(bidder, new Payment(item.Reference, bidder.Number!, item.Amount, item.Currency, payer.Item1, payer.Item2, at), now);
            await Books.BookAllAsync(db,
            [
                Transfer.Of(TransferId, Account(SystemAccount.Suspense), bidder.Id, item.Amount, TransferCodes.Received, item.Reference).Linked(),
                Transfer.Pending(deposit.HoldId, bidder.Id, Account(SystemAccount.Held), item.Amount, TransferCodes.Held, item.Reference),
            ], now, ct);
            db.Add(deposit);
            db.Publish(new DepositSecured(deposit.TenderId, deposit.LotId, deposit.BidderId, deposit.Amount, deposit.Currency, now), now);
            return null;
        }

        // The document says that the issuer paid; how much of the claim is outstanding is judged as ever.
        public async Task<Guid?> TakeClaimAsync(GuaranteeLetter letter, CancellationToken ct)
        {
            var payment = new Payment(item.Reference, letter.ClaimAccount!, item.Amount, item.Currency, entry.CounterpartyAccount, entry.CounterpartyName, entry.BookedAt);
            Rule.Require(letter.Expects(payment), "claim-not-outstanding",
                $"Of this claim {Amounts.Text(letter.Claimed - letter.Received, letter.Currency)} {letter.Currency} is outstanding: what is more, or in another currency, cannot be taken for it. Send it back instead.");
            var (order, transfers) = TakeClaimPayment.Apply(db, letter, payment, TransferId, Account(SystemAccount.Suspense), now);
            await Books.BookAllAsync(db, transfers, now, ct);
            return order.Id;
        }

        public async Task<Guid?> SendBackAsync(CancellationToken ct)
        {
            var order = item.IsOwed ? await PayAgainAsync(ct) : await ReturnAsync(ct);
            db.Add(order);
            await Books.BookAllAsync(db, [Transfer.Of(TransferId, Account(SystemAccount.Suspense), Account(SystemAccount.Transit), item.Amount, TransferCodes.Returned, item.Reference)], now, ct);
            return order.Id;
        }

        private async Task<PaymentOrder> PayAgainAsync(CancellationToken ct)
        {
            var returned = await OrderAsync(item.OrderId, ct);
            returned.Replace();
            return PaymentOrder.Again(returned, request.ToAccount ?? returned.ToAccount, request.ToName ?? returned.ToName, now);
        }

        private async Task<PaymentOrder> ReturnAsync(CancellationToken ct)
        {
            var (account, name) = (request.ToAccount ?? entry.CounterpartyAccount, request.ToName ?? entry.CounterpartyName);
            Rule.Require(account.Length > 0, "payee-needed", "The bank does not say from where it came: name the account and the name that the document gives.");
            if (item.SubAccountId is { } id && await db.SubAccounts.FindAsync([id], ct) is { } bidder && await db.Lots.FindAsync([bidder.LotId], ct) is { } lot)
            {
                var rule = lot.Law(RuleKey.DepositValidity);
                db.Publish(new DepositRefused(lot.TenderId, lot.Id, bidder.BidderId, item.Amount, item.Currency, item.Code, item.Reason, rule.Id, rule.Article, now), now);
            }
            return PaymentOrder.Return(item, account, name, now);
        }

        public async Task<Guid?> MoveAsync(SystemAccount debit, SystemAccount credit, string code, CancellationToken ct)
        {
            await Books.OpenAsync(db, Chart.SystemAccounts(item.Currency).ToArray(), now, ct);
            await Books.BookAllAsync(db, [Transfer.Of(TransferId, Account(debit), Account(credit), item.Amount, code, item.Reference)], now, ct);
            return null;
        }

        public async Task<Guid?> ConfirmAsync(CancellationToken ct)
        {
            var order = await OrderAsync(request.OrderId ?? item.OrderId, ct);
            Rule.Require(order.Amount == item.Amount && order.Currency == item.Currency, "order-differs", "The order is of another amount or currency.");
            order.Confirm(item.Reference, entry.BookedAt);
            await SettleOrder.HandleAsync(db, order, now, ct);
            await Books.BookAllAsync(db, [Transfer.Of(TransferId, Account(SystemAccount.Transit), Account(SystemAccount.Suspense), item.Amount, TransferCodes.Paid, item.Reference)], now, ct);
            return order.Id;
        }

        public async Task<Guid?> UndoAsync(SubAccount? bidder, CancellationToken ct)
        {
            Rule.Require(item.Code == "receipt-reversed" && bidder is not null, "nothing-to-undo", "Only a receipt that the bank took back from a bidder's account can be undone.");
            var deposit = await db.Deposits.FromSql($"select * from deposit where sub_account_id = {bidder!.Id} and stage = 'Secured' for update").SingleOrDefaultAsync(ct);
            // The bidder may have paid twice: what was sent back and then reversed is not what is held.
            Rule.Require(deposit is not null && deposit.Amount == item.Amount && await db.BankEntries.AnyAsync(e => e.Reference == deposit.BankReference && e.EndToEndId == entry.EndToEndId, ct), "deposit-not-held",
                "The payment that was taken back is not held as deposit: what was paid out must come from its payee. Ask the bank.");
            deposit!.Undo();
            await Books.BookAllAsync(db,
            [
                Transfer.Void(DerivedId.Of($"release:{deposit.Id}"), deposit.HoldId, TransferCodes.Released, deposit.BankReference).Linked(),
                Transfer.Of(TransferId, bidder.Id, Account(SystemAccount.Suspense), item.Amount, "receipt-reversed", item.Reference),
            ], now, ct);
            var rule = (await db.Lots.FindAsync([deposit.LotId], ct))!.Law(RuleKey.DepositValidity);
            db.Publish(new DepositRefused(deposit.TenderId, deposit.LotId, deposit.BidderId, item.Amount, item.Currency, "deposit-reversed",
                "The bank took the payment back: the deposit is not secured. Pay again before the deadline.", rule.Id, rule.Article, now), now);
            return null;
        }

        private async Task<PaymentOrder> OrderAsync(Guid? id, CancellationToken ct) =>
            (id is { } order ? await db.PaymentOrders.FromSql($"select * from payment_order where id = {order} for update").SingleOrDefaultAsync(ct) : null).Or404("payment order");
    }
}
