using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The deposits of a lot, for those who keep the accounts.</summary>
public static class ListDeposits
{
    public const int PageMax = 100;

    /// <summary>Ground: why a held deposit may be kept. AwaitsDecision: it stays held until it is kept or that is waived. ContractDueBy: when the time ran out for who was to sign.</summary>
    public sealed record Item(
        Guid Id, Guid BidderId, string BidderName, DepositStage Stage, long Amount, long Refunded, long Forfeited, string Currency, string BankReference, string PayerAccount, string PayerName,
        DateTimeOffset SecuredAt, DateTimeOffset? ReleasedAt, string? ReleaseReason, DateTimeOffset? RefundDueBy, string? DecisionNumber, bool AwaitsDecision,
        ForfeitureGround? Ground, DateTimeOffset? ContractDueBy);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/deposits", Handle)
        .AllowRoles(Roles.Finance).WithSummary("Deposits of a lot").WithDescription("Pages by the id of the last item seen: ?after=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid lotId, Guid? after, [Range(1, PageMax)] int? limit, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct) is not { } lot) return TypedResults.Ok(Array.Empty<Item>());
        var page = from deposit in db.Deposits.AsNoTracking()
                   join bidder in db.SubAccounts.AsNoTracking() on deposit.SubAccountId equals bidder.Id
                   where deposit.LotId == lotId && deposit.Id.CompareTo(after ?? Guid.Empty) > 0
                   orderby deposit.Id
                   select new { deposit, bidder };
        var now = clock.GetUtcNow();
        return TypedResults.Ok((await page.Take(limit ?? PageMax).ToListAsync(ct)).Select(p => ItemOf(lot, p.deposit, p.bidder, now)).ToArray());
    }

    private static Item ItemOf(Lot lot, Deposit deposit, SubAccount bidder, DateTimeOffset now)
    {
        var ground = deposit.Stage == DepositStage.Secured ? lot.GroundAgainst(bidder, now) : null;
        return new Item(deposit.Id, deposit.BidderId, bidder.BidderName, deposit.Stage, deposit.Amount, deposit.Refunded, deposit.Forfeited, deposit.Currency, deposit.BankReference, deposit.PayerAccount,
            deposit.PayerName, deposit.SecuredAt, deposit.ReleasedAt, deposit.ReleaseReason, deposit.RefundDueBy, deposit.DecisionNumber, ground is not null && bidder.AwaitsDecision, ground,
            ground == ForfeitureGround.ContractUnsigned ? bidder.ContractDueBy ?? lot.ContractDueBy : null);
    }
}
