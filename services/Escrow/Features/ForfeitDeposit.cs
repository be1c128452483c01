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

/// <summary>By a decision a deposit, or a part of it, is not returned (不予退还): it goes to the treasury, the rest to its bidder.</summary>
public static class ForfeitDeposit
{
    public sealed record Request(
        Guid LotId, Guid BidderId, [property: Range(1, Transfer.AmountMax)] long? Amount, [property: StringLength(100, MinimumLength = 1)] string DecisionNumber,
        [property: RegularExpression("^[0-9a-f]{64}$")] string DecisionHash);

    public sealed record Response(Guid DepositId, long Forfeited, long Released);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/deposits/forfeitures", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>()
        .WithSummary("Keep a deposit").WithDescription("Where the bid was revoked, or who was to sign the contract did not, also after another was named. Without an amount the whole deposit. The hash is the SHA-256 of the decision's document.");

    private static async Task<Created<Response>> Handle(Request request, EscrowDb db, IConfiguration configuration, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.LockLotAsync(request.LotId, ct);
        var lot = (await db.Lots.FindAsync([request.LotId], ct)).Or404("lot");
        var bidder = (await db.SubAccounts.SingleOrDefaultAsync(s => s.LotId == lot.Id && s.BidderId == request.BidderId, ct)).Or404("bidder");
        var ground = lot.GroundAgainst(bidder, now);
        var rule = lot.LawOf(ground);
        var deposit = await db.Deposits.FromSql($"select * from deposit where sub_account_id = {bidder.Id} and stage = 'Secured' for update").SingleOrDefaultAsync(ct);
        Rule.Require(deposit is not null, "deposit-not-held", "No deposit of this bidder is held for the lot: there is nothing to keep.", rule.Id, rule.Article);
        Rule.Require(ground is not null, "forfeiture-without-ground",
            "A deposit may be kept only where the bid was revoked, or where the winner did not sign the contract.", rule.Id, rule.Article);

        var rest = await ForfeitAsync(db, lot, deposit!, request, rule, Treasury.Of(configuration, lot.Currency), now, ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(deposit!.Id, deposit.Forfeited, rest));
    }

    private static async Task<long> ForfeitAsync(EscrowDb db, Lot lot, Deposit deposit, Request request, LawRule rule, TreasuryAccount treasury, DateTimeOffset now, CancellationToken ct)
    {
        // No rule gives a time for what is left of a deposit; that for a withdrawal is the nearest.
        var dueBy = lot.RefundDueBy(lot.Law(RuleKey.RefundWithdrawal), now);
        var rest = deposit.Forfeit(request.Amount ?? deposit.Amount, request.DecisionNumber, request.DecisionHash, dueBy, now);
        var (held, owed, transit) = (Chart.IdOf(SystemAccount.Held, lot.Currency), Chart.IdOf(SystemAccount.Treasury, lot.Currency), Chart.IdOf(SystemAccount.Transit, lot.Currency));
        var batch = new List<Transfer>
        {
            Transfer.Post(DerivedId.Of($"forfeit:{deposit.Id}"), deposit.HoldId, deposit.Forfeited, TransferCodes.Forfeited, deposit.BankReference).Linked(),
            Transfer.Of(DerivedId.Of($"treasury:{deposit.Id}"), held, owed, deposit.Forfeited, TransferCodes.ToTreasury, request.DecisionNumber).Linked(),
            Transfer.Of(DerivedId.Of($"treasury-order:{deposit.Id}"), owed, transit, deposit.Forfeited, TransferCodes.TreasuryOrdered, request.DecisionNumber),
        };
        db.Add(PaymentOrder.ToTreasury($"deposit:{deposit.Id}", OrderReasons.Forfeit, treasury, deposit.Forfeited, deposit.Currency,
            $"bid deposit kept by decision {request.DecisionNumber}, tender {lot.TenderNumber} lot {lot.Number}", now));
        db.Publish(new DepositForfeited(lot.TenderId, lot.Id, deposit.BidderId, deposit.Forfeited, deposit.Currency, request.DecisionNumber, request.DecisionHash, rule.Id, rule.Article, now), now);
        if (rest > 0)
        {
            batch[^1] = batch[^1].Linked();
            batch.Add(Transfer.Of(DerivedId.Of($"refund:{deposit.Id}"), deposit.SubAccountId, transit, rest, TransferCodes.RefundOrdered, deposit.BankReference));
            db.Add(PaymentOrder.Refund(deposit, rest, 0, ReleaseDeposits.PurposeFor(lot), now));
            db.Publish(new DepositReleased(lot.TenderId, lot.Id, deposit.BidderId, rest, deposit.Currency, ReleaseReasons.ForfeitedInPart, rule.Id, rule.Article, dueBy, now), now);
        }
        await Books.BookAllAsync(db, batch, now, ct);
        return rest;
    }
}
