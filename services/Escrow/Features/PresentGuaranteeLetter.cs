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

/// <summary>A bidder presents a letter of a bank, an insurer or a guarantor in the deposit's place.</summary>
public static class PresentGuaranteeLetter
{
    public sealed record Request(
        [property: RegularExpression("^(bank|insurer|guarantor)$")] string Kind, [property: StringLength(18, MinimumLength = 18)] string IssuerCode,
        [property: StringLength(200, MinimumLength = 1)] string IssuerName, [property: StringLength(60, MinimumLength = 1)] string Number, [property: Range(1, Transfer.AmountMax)] long Amount,
        [property: RegularExpression("^[A-Z]{3}$")] string Currency, [property: StringLength(200, MinimumLength = 1)] string Beneficiary, DateOnly ValidThrough,
        [property: RegularExpression("^[0-9a-f]{64}$")] string DocumentHash);

    public sealed record Response(Guid LetterId, LetterStage Stage);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/guarantee-letters", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("Present a guarantee letter in the deposit's place")
        .WithDescription("Issuer by its social credit code; the hash is the SHA-256 of the letter. It secures the bid once it is verified. See /deposit-terms before.");

    private static async Task<Created<Response>> Handle(Guid lotId, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        if (!SocialCreditCode.IsValid(request.IssuerCode)) throw new MalformedException("issuerCode", "This is no unified social credit code: its check character is wrong.");
        var now = clock.GetUtcNow();
        await db.LockLotAsync(lotId, ct);
        var lot = (await db.Lots.FindAsync([lotId], ct)).Or404("lot");
        var bidder = (await Securing.LockBidderAsync(db, lotId, caller.Organisation, ct)).Or404("registration");
        var rule = lot.Law(RuleKey.DepositValidity);
        // One paper, one bid: who presents it for two lots at the same moment waits here for itself, and for nobody else.
        await db.LockAsync($"letter:{bidder.BidderId}:{request.IssuerCode}:{request.Number}", ct: ct);
        var paper = new LetterPaper(request.Kind, request.IssuerCode, request.IssuerName, request.Number, request.Amount, request.Currency, request.Beneficiary, request.ValidThrough, request.DocumentHash);
        var letter = GuaranteeLetter.Present(lot, bidder, paper, now);
        Rule.Require(!await Securing.IsSecuredAsync(db, bidder.Id, ct), "deposit-secured-already", "Your bid is secured already: nothing more is to be done.", rule.Id, rule.Article);
        Rule.Require(!await db.GuaranteeLetters.AnyAsync(l => l.SubAccountId == bidder.Id && l.Stage == LetterStage.Presented, ct), "guarantee-letter-pending",
            "A letter of yours for this lot waits for its verification.", rule.Id, rule.Article);
        // Of others' letters nothing is said: where two bidders present one paper, it shows when it is verified.
        Rule.Require(!await db.GuaranteeLetters.AnyAsync(l => l.BidderId == bidder.BidderId && l.IssuerCode == paper.IssuerCode && l.Number == paper.Number && l.Stage != LetterStage.Refused, ct), "guarantee-letter-used",
            "You have presented this letter before: each bid has a letter of its own.", rule.Id, rule.Article);
        db.Add(letter);
        db.Publish(new GuaranteeLetterPresented(lot.TenderId, lot.Id, bidder.BidderId, letter.Id, letter.Kind, letter.IssuerCode, letter.Number, letter.Amount, letter.Currency, letter.ValidThrough,
            letter.DocumentHash, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(letter.Id, letter.Stage));
    }
}
