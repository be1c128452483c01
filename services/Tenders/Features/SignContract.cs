using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>The contract is signed, known by its hash. A late one is recorded as late.</summary>
public static class SignContract
{
    public sealed record Request([property: Required, RegularExpression("^[0-9a-f]{64}$")] string ContractHash);
    public sealed record Response(DateTimeOffset SignedAt, bool Late, Guid NoticeId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/lots/{lotId:guid}/contract", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Record the signed contract");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Guid lotId, Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        var lot = tender.LotOf(lotId);
        lot.SignContract(request.ContractHash, tender.Rules, now);
        var notice = Notice.OfContract(tender, lot);
        db.Announce(notice);
        db.Publish(new ContractSigned(tender.Id, lot.Id, lot.Winner!.BidderId, lot.Winner.Price, lot.Winner.Currency, request.ContractHash, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(now, lot.SignedLate, notice.Id));
    }
}
