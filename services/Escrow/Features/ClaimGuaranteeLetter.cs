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

/// <summary>By a decision the issuer of a letter is asked to pay it, or a part of it; until the money arrives the claim is outstanding.</summary>
public static class ClaimGuaranteeLetter
{
    public sealed record Request(
        [property: Range(1, Transfer.AmountMax)] long? Amount, [property: StringLength(100, MinimumLength = 1)] string DecisionNumber, [property: RegularExpression("^[0-9a-f]{64}$")] string DecisionHash);

    /// <summary>Where the issuer pays.</summary>
    public sealed record Response(Guid LetterId, long Claimed, string Currency, string ClaimAccount);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/guarantee-letters/{id:guid}/claim", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>().WithSummary("Claim a guarantee letter")
        .WithDescription("On the grounds on which a deposit may be kept. Without an amount the whole. What the issuer pays to the account in the answer goes to the treasury at once.");

    private static async Task<Created<Response>> Handle(Guid id, Request request, EscrowDb db, IConfiguration configuration, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var lotId = (await db.GuaranteeLetters.AsNoTracking().SingleOrDefaultAsync(l => l.Id == id, ct)).Or404("guarantee letter").LotId;
        await db.LockLotAsync(lotId, ct);
        var letter = await db.GuaranteeLetters.FromSql($"select * from guarantee_letter where id = {id} for update").SingleAsync(ct);
        var (lot, bidder) = (await db.Lots.SingleAsync(l => l.Id == letter.LotId, ct), await db.SubAccounts.SingleAsync(s => s.Id == letter.SubAccountId, ct));
        var ground = lot.GroundAgainst(bidder, now);
        var rule = lot.LawOf(ground);
        Rule.Require(letter.Stage == LetterStage.Verified, "deposit-not-held", "This letter secures no bid: there is nothing to claim.", rule.Id, rule.Article);
        Rule.Require(ground is not null, "forfeiture-without-ground", "A letter may be claimed only where the bid was revoked, or where the winner did not sign the contract.", rule.Id, rule.Article);

        letter.Claim(lot, request.Amount ?? letter.Amount, request.DecisionNumber, request.DecisionHash, VirtualAccountNumber.New(), Treasury.Of(configuration, letter.Currency), now);
        await Books.OpenAsync(db, [Chart.Claim(letter.ClaimAccountId, letter.ClaimAccount!, letter.Currency)], now, ct);
        db.Publish(new GuaranteeLetterClaimed(lot.TenderId, lot.Id, letter.BidderId, letter.Id, letter.Claimed, letter.Currency, request.DecisionNumber, request.DecisionHash, rule.Id, rule.Article, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(letter.Id, letter.Claimed, letter.Currency, letter.ClaimAccount!));
    }
}
