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

/// <summary>Finance, or the bank's machine where the letter is that bank's own, says whether a letter is genuine. Only then does it secure the bid.</summary>
public static class VerifyGuaranteeLetter
{
    /// <summary>A letter that is not genuine is refused with a reason that its bidder reads.</summary>
    public sealed record Request(bool Genuine, [property: StringLength(500, MinimumLength = 1)] string? Reason);

    public sealed record Response(Guid LetterId, LetterStage Stage);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/guarantee-letters/{id:guid}/verification", Handle)
        .AllowRoles(Roles.Finance, Roles.Bank).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("Verify a guarantee letter")
        .WithDescription("The bank's machine may do it for letters of the bank whose social credit code the setting Escrow:BankCode names.");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, EscrowDb db, IConfiguration configuration, TimeProvider clock, CancellationToken ct)
    {
        if (!request.Genuine && request.Reason is null) throw new MalformedException("reason", "A letter is refused with a reason.");
        var now = clock.GetUtcNow();
        var lotId = (await db.GuaranteeLetters.AsNoTracking().SingleOrDefaultAsync(l => l.Id == id, ct)).Or404("guarantee letter").LotId;
        await db.LockLotAsync(lotId, ct);
        var letter = await db.GuaranteeLetters.FromSql($"select * from guarantee_letter where id = {id} for update").SingleAsync(ct);
        if (!caller.Is(Roles.Finance) && letter.IssuerCode != configuration["Escrow:BankCode"]) throw new NotFoundException("guarantee letter");
        var (lot, bidder) = (await db.Lots.SingleAsync(l => l.Id == letter.LotId, ct), (await Securing.LockBidderAsync(db, letter.LotId, letter.BidderId, ct))!);
        var rule = lot.Law(RuleKey.DepositValidity);
        if (request.Genuine)
        {
            Rule.Require(letter.Stage != LetterStage.Presented || !await Securing.IsSecuredAsync(db, bidder.Id, ct), "deposit-secured-already", "The bid was secured otherwise meanwhile: refuse the letter.", rule.Id, rule.Article);
            await db.LockAsync($"paper:{letter.IssuerCode}:{letter.Number}", ct: ct);
            Rule.Require(letter.Stage != LetterStage.Presented || !await db.GuaranteeLetters.AnyAsync(l => l.Id != letter.Id && l.IssuerCode == letter.IssuerCode && l.Number == letter.Number
                && l.DecidedAt != null && l.Stage != LetterStage.Refused, ct), "guarantee-letter-used", "A letter of this issuer with this number secures or secured another bid: ask the issuer whose it is, and refuse this one.", rule.Id, rule.Article);
            letter.Verify(lot, caller.PersonId, now);
            db.Publish(new DepositSecured(lot.TenderId, lot.Id, bidder.BidderId, letter.Amount, letter.Currency, now, Securing.Letter), now);
        }
        else
        {
            letter.Refuse(request.Reason!, caller.PersonId, now);
            db.Publish(new DepositRefused(lot.TenderId, lot.Id, bidder.BidderId, letter.Amount, letter.Currency, "guarantee-letter-refused", request.Reason!, rule.Id, rule.Article, now), now);
        }
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(letter.Id, letter.Stage));
    }
}
