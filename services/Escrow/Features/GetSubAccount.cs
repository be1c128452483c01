using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Where a bidder pays its deposit, how much and until when. Nobody else may know that there is such an account.</summary>
public static class GetSubAccount
{
    /// <summary><paramref name="PayBy"/> is the bid deadline: the bank must book the payment before it.</summary>
    public sealed record Response(string AccountNumber, string AccountName, string Bank, long Amount, string Currency, DateTimeOffset PayBy);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/sub-account", Handle)
        .AllowRoles(Roles.Bidder).DisableHttpMetrics().WithSummary("The own account for the deposit of a lot");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, EscrowDb db, BankSettings bank, CancellationToken ct)
    {
        var bidder = (await db.SubAccounts.AsNoTracking().SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == caller.Organisation, ct)).Or404("sub-account");
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("sub-account");
        Rule.Require(lot.Deposit > 0, "deposit-not-required", "This lot asks for no deposit: there is nothing to pay.");
        return TypedResults.Ok(new Response(bidder.Number.Or404("sub-account"), bank.AccountName, bank.Bank,
            lot.Deposit, lot.Currency, lot.BidDeadline));
    }
}
