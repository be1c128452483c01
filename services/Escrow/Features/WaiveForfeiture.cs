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

/// <summary>By a decision what secures a revoked bid, or an award that lapsed, is not kept. Until one is made it stays held, whatever becomes of the lot; where the others have gone back already, it follows at once.</summary>
public static class WaiveForfeiture
{
    public sealed record Request(
        Guid LotId, Guid BidderId, [property: StringLength(100, MinimumLength = 1)] string DecisionNumber, [property: RegularExpression("^[0-9a-f]{64}$")] string DecisionHash);

    /// <summary>Released: it is on its way back; otherwise it goes with the others.</summary>
    public sealed record Response(bool Released);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/deposits/waivers", Handle)
        .AllowRoles(Roles.Finance).Idempotent<EscrowDb>()
        .WithSummary("Do not keep what might be kept").WithDescription("What secures a revoked bid, or an award that its winner left unsigned and another took over. The other decision is /deposits/forfeitures, or the claim on a letter. The hash is the SHA-256 of the decision's document.");

    private static async Task<Created<Response>> Handle(Request request, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.LockLotAsync(request.LotId, ct);
        var lot = (await db.Lots.FindAsync([request.LotId], ct)).Or404("lot");
        var bidder = (await Securing.LockBidderAsync(db, lot.Id, request.BidderId, ct)).Or404("bidder");
        var rule = lot.LawOf(lot.GroundAgainst(bidder, now));
        Rule.Require(bidder.AwaitsDecision, "forfeiture-without-ground", "Only what secures a revoked bid, or an award that lapsed, awaits a decision, once.", rule.Id, rule.Article);
        var deposits = (await ReleaseDeposits.HeldAsync(db, lot.Id, ct)).FindAll(d => d.SubAccountId == bidder.Id);
        var isHeld = deposits.Count > 0 || await db.GuaranteeLetters.AnyAsync(l => l.SubAccountId == bidder.Id && l.Stage == LetterStage.Verified, ct);
        Rule.Require(isHeld, "deposit-not-held", "Nothing of this bidder is held for the lot: there is nothing to decide.", rule.Id, rule.Article);

        bidder.Waive(request.DecisionNumber, request.DecisionHash, now);
        db.Publish(new ForfeitureWaived(lot.TenderId, lot.Id, bidder.BidderId, request.DecisionNumber, request.DecisionHash, rule.Id, rule.Article, now), now);
        await db.SaveChangesAsync(ct);
        if (ReleaseAfter(lot, now) is not { } release) return TypedResults.Created((string?)null, new Response(false));
        await ReleaseDeposits.HandleAsync(db, lot, deposits, release, now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.SubAccountId == bidder.Id, release, now, ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(true));
    }

    // As the others' were released; the time for the refund begins with the decision, which it waited for.
    private static Release? ReleaseAfter(Lot lot, DateTimeOffset now) =>
        lot.FailedAt is not null ? Release.Failed(now)
        : lot.ContractedAt is not null ? Release.Loser(now)
        : lot.WinnerId is not null && RuleSet.Get(lot.RuleSet).Find(RuleKey.RefundLoserAtNotice) is not null ? Release.LoserAtNotice(now) : null;
}
