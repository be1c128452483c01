using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The bank tells of a payment. It is booked whatever it is: as a deposit that is held, or as money that goes back to its sender.</summary>
public static class TakeBankNotice
{
    public sealed record Request(
        [property: StringLength(64, MinimumLength = 1)] string Reference, [property: StringLength(40, MinimumLength = 1)] string AccountNumber,
        [property: Range(1, Transfer.AmountMax)] long Amount, [property: RegularExpression("^[A-Z]{3}$")] string Currency,
        [property: StringLength(40, MinimumLength = 1)] string PayerAccount, [property: StringLength(200, MinimumLength = 1)] string PayerName, DateTimeOffset BookedAt);

    public sealed record Response(Guid TransferId, Outcome Outcome, string? Code);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/bank-notices", Handle)
        .AllowRoles(Roles.Bank).Idempotent<EscrowDb>().DisableHttpMetrics()
        .WithSummary("A payment arrived").WithDescription("Known by the bank's reference: the same notice again gives the same answer, another one under the same reference is refused and nothing is booked.");

    private static async Task<Created<Response>> Handle(Request request, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var payment = new Payment(request.Reference, request.AccountNumber, request.Amount, request.Currency, request.PayerAccount, request.PayerName, BankTime.Of(request.BookedAt));
        await db.LockAsync($"entry:{payment.Reference}", ct: ct);
        var entry = await db.BankEntries.FindAsync([payment.Reference], ct);
        if (entry is null) entry = await TakeAsync(db, payment, clock.GetUtcNow(), ct);
        else RequireSame(entry, payment);
        return TypedResults.Created((string?)null, new Response(entry.TransferId, entry.Outcome, entry.Code));
    }

    private static void RequireSame(BankEntry entry, Payment payment)
    {
        var differences = entry.DifferencesFrom(payment).ToArray();
        Rule.Require(differences.Length == 0, "bank-reference-reused", $"This reference is booked with another {string.Join(", ", differences)}: nothing was booked. Send a new payment under a reference of its own.");
    }

    private static async Task<BankEntry> TakeAsync(EscrowDb db, Payment payment, DateTimeOffset now, CancellationToken ct)
    {
        var receipt = DerivedId.Of($"receipt:{payment.Reference}");
        if (await TakeClaimPayment.TryAsync(db, payment, receipt, now, ct))
        {
            var claimed = BankEntry.In(payment, receipt, Judgement.Claim, null, now);
            db.Add(claimed);
            await db.SaveChangesAsync(ct);
            return claimed;
        }
        // A mistyped number is nobody's: its check digits say so.
        var lotId = !VirtualAccountNumber.IsValid(payment.AccountNumber) ? null : await db.SubAccounts.Where(s => s.Number == payment.AccountNumber).Select(s => (Guid?)s.LotId).SingleOrDefaultAsync(ct);
        // Shared: payments of one lot do not wait for each other, but its end waits for them, or they see it.
        if (lotId is { } id) await db.LockLotAsync(id, ct, shared: true);
        var lot = await db.Lots.FindAsync([lotId ?? Guid.Empty], ct);
        var bidder = await db.SubAccounts.FromSql($"select * from sub_account where number = {payment.AccountNumber} for update").SingleOrDefaultAsync(ct);
        var basic = bidder is null ? null : await db.BasicAccounts.FindAsync([bidder.BidderId], ct);
        var isSecured = bidder is not null && await Securing.IsSecuredAsync(db, bidder.Id, ct);

        var judgement = payment.Judge(lot, bidder, basic, isSecured);
        var entry = BankEntry.In(payment, receipt, judgement, bidder?.Id, now);
        db.Add(entry);
        if (judgement.Outcome == Outcome.Secured) await SecureAsync(db, payment, bidder!, receipt, now, ct);
        else await SendBackAsync(db, payment, judgement, lot, bidder, receipt, now, ct);
        await db.SaveChangesAsync(ct);
        return entry;
    }

    private static async Task SecureAsync(EscrowDb db, Payment payment, SubAccount bidder, Guid receipt, DateTimeOffset now, CancellationToken ct)
    {
        var deposit = Deposit.Secure(bidder, payment, now);
        await Books.BookAllAsync(db,
        [
            Transfer.Of(receipt, Chart.IdOf(SystemAccount.Bank, payment.Currency), bidder.Id, payment.Amount, TransferCodes.Received, payment.Reference).Linked(),
            Transfer.Pending(deposit.HoldId, bidder.Id, Chart.IdOf(SystemAccount.Held, payment.Currency), payment.Amount, TransferCodes.Held, payment.Reference),
        ], now, ct);
        db.Add(deposit);
        db.Publish(new DepositSecured(deposit.TenderId, deposit.LotId, deposit.BidderId, deposit.Amount, deposit.Currency, now), now);
    }

    private static async Task SendBackAsync(EscrowDb db, Payment payment, Judgement judgement, Lot? lot, SubAccount? bidder, Guid receipt, DateTimeOffset now, CancellationToken ct)
    {
        // A currency that no tender uses still has its books.
        if (judgement.Outcome == Outcome.Suspense) await Books.OpenAsync(db, Chart.SystemAccounts(payment.Currency).ToArray(), now, ct);
        var (bank, transit) = (Chart.IdOf(SystemAccount.Bank, payment.Currency), Chart.IdOf(SystemAccount.Transit, payment.Currency));
        var via = judgement.Outcome == Outcome.Suspense ? Chart.IdOf(SystemAccount.Suspense, payment.Currency) : bidder!.Id;
        await Books.BookAllAsync(db,
        [
            Transfer.Of(receipt, bank, via, payment.Amount, judgement.Outcome == Outcome.Suspense ? TransferCodes.Suspended : TransferCodes.Received, payment.Reference).Linked(),
            Transfer.Of(DerivedId.Of($"return:{payment.Reference}"), via, transit, payment.Amount, TransferCodes.Returned, payment.Reference),
        ], now, ct);
        db.Add(PaymentOrder.Return(payment, judgement.Code!, now));
        if (lot is null || bidder is null) return;
        var rule = lot.Law(RuleKey.DepositValidity);
        db.Publish(new DepositRefused(lot.TenderId, lot.Id, bidder.BidderId, payment.Amount, payment.Currency, judgement.Code!, judgement.Reason!, rule.Id, rule.Article, now), now);
    }
}
