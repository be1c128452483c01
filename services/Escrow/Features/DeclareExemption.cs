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

/// <summary>A bidder declares the ground on which the tender documents ask it for no deposit. The declaration secures the bid; whether it is true is examined with the bid.</summary>
public static class DeclareExemption
{
    public sealed record Request([property: StringLength(60, MinimumLength = 1)] string Ground, [property: RegularExpression("^[0-9a-f]{64}$")] string DocumentHash);

    public sealed record Response(Guid ExemptionId, string Ground);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/exemption", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<EscrowDb>().DisableHttpMetrics().WithSummary("Declare an exemption from the deposit")
        .WithDescription("On a ground that the tender documents name; the hash is the SHA-256 of the declaration or certificate.");

    private static async Task<Created<Response>> Handle(Guid lotId, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.LockLotAsync(lotId, ct);
        var lot = (await db.Lots.FindAsync([lotId], ct)).Or404("lot");
        var bidder = (await Securing.LockBidderAsync(db, lotId, caller.Organisation, ct)).Or404("registration");
        var (exemption, rule) = (Exemption.Declare(lot, bidder, request.Ground, request.DocumentHash, now), lot.Law(RuleKey.DepositExemption));
        Rule.Require(!await Securing.IsSecuredAsync(db, bidder.Id, ct), "deposit-secured-already", "Your bid is secured already: nothing more is to be done.", rule.Id, rule.Article);
        db.Add(exemption);
        db.Publish(new DepositSecured(lot.TenderId, lot.Id, bidder.BidderId, 0, lot.Currency, now, Securing.Exempt), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created((string?)null, new Response(exemption.Id, exemption.Ground));
    }
}
