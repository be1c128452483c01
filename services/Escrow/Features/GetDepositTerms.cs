using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>How bids of a lot are secured, so that nobody presents a letter that must be refused: what the notice says, worked out.</summary>
public static class GetDepositTerms
{
    /// <summary>
    /// <paramref name="LettersValidThrough"/>: the earliest last day of validity of a letter; <paramref name="LetterBeneficiary"/>: to whom it is made out. Empty lists: no
    /// letters, no exemptions. Amount in minor units.
    /// </summary>
    public sealed record Response(
        long Amount, string Currency, DateTimeOffset SecureBefore, string[] LetterKinds, string? LetterBeneficiary, DateOnly? LettersValidThrough, string[] ExemptionGrounds, string Rule, string Article);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/deposit-terms", Handle).AllowEveryone().WithSummary("How bids of a lot are secured");

    private static async Task<Ok<Response>> Handle(Guid lotId, EscrowDb db, CancellationToken ct)
    {
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("lot");
        var rule = lot.Law(RuleKey.DepositValidity);
        return TypedResults.Ok(new Response(lot.Deposit, lot.Currency, lot.BidDeadline, lot.LetterKinds, lot.LetterKinds.Length > 0 ? lot.TendererName : null,
            lot.LetterKinds.Length > 0 ? lot.BindsThrough : null, lot.ExemptionGrounds, rule.Id, rule.Article));
    }
}
