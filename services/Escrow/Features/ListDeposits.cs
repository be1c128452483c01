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

    /// <summary>AwaitsDecision: of a revoked bid, and held until it is kept or its forfeiture is waived.</summary>
    public sealed record Item(
        Guid Id, Guid BidderId, string BidderName, DepositStage Stage, long Amount, long Refunded, long Forfeited, string Currency, string BankReference, string PayerAccount, string PayerName,
        DateTimeOffset SecuredAt, DateTimeOffset? ReleasedAt, string? ReleaseReason, DateTimeOffset? RefundDueBy, string? DecisionNumber, bool AwaitsDecision);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/deposits", Handle)
        .AllowRoles(Roles.Finance).WithSummary("Deposits of a lot").WithDescription("Pages by the id of the last item seen: ?after=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid lotId, Guid? after, [Range(1, PageMax)] int? limit, EscrowDb db, CancellationToken ct)
    {
        var page = from deposit in db.Deposits.AsNoTracking()
                   join bidder in db.SubAccounts on deposit.SubAccountId equals bidder.Id
                   where deposit.LotId == lotId && deposit.Id.CompareTo(after ?? Guid.Empty) > 0
                   orderby deposit.Id
                   select new Item(deposit.Id, deposit.BidderId, bidder.BidderName, deposit.Stage, deposit.Amount, deposit.Refunded, deposit.Forfeited, deposit.Currency, deposit.BankReference,
                       deposit.PayerAccount, deposit.PayerName, deposit.SecuredAt, deposit.ReleasedAt, deposit.ReleaseReason, deposit.RefundDueBy, deposit.DecisionNumber,
                       deposit.Stage == DepositStage.Secured && bidder.RevokedAt != null && bidder.WaivedAt == null);
        return TypedResults.Ok(await page.Take(limit ?? PageMax).ToArrayAsync(ct));
    }
}
