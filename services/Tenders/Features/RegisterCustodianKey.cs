using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>A custodian registers the public key that its shares of the bids will be sealed to.</summary>
public static class RegisterCustodianKey
{
    public sealed record Request([property: Required, StringLength(200, MinimumLength = 1)] string PublicKey);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/custodian-keys", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<TendersDb>()
        .WithSummary("Register a custodian's key").WithDescription("A P-256 point (65 bytes, uncompressed, base64url) made on the custodian's own device. It may be replaced until the notice is out.");

    private static async Task<NoContent> Handle(Guid tenderId, Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var tender = (await db.LockAsync(tenderId, ct)).Or404("tender");
        if (!tender.MayBeSeenBy(caller)) throw new NotFoundException("tender");
        var custodian = tender.CustodianOf(caller) ?? throw new ForbiddenException("Your organisation is no custodian of this tender.");
        tender.RegisterKey(custodian, request.PublicKey, clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
