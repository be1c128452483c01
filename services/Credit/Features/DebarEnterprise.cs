using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Credit;
using Tendering.Credit.Data;
using Tendering.Credit.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>A supervisor enters an authority's decision that keeps an enterprise out of the market.</summary>
public static class DebarEnterprise
{
    public sealed record Request(
        [property: RegularExpression("^[0-9A-HJ-NP-RTUWXY]{18}$")] string SocialCreditCode, [property: StringLength(200, MinimumLength = 1)] string EnterpriseName,
        [property: StringLength(1000, MinimumLength = 1)] string Reason, [property: StringLength(100, MinimumLength = 1)] string DecisionNumber,
        [property: StringLength(100, MinimumLength = 1)] string Article, DateTimeOffset From, DateTimeOffset Until);

    public sealed record Response(Guid DebarmentId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/debarments", Handle)
        .AllowRoles(Roles.Supervisor).Idempotent<CreditDb>()
        .WithSummary("Debar an enterprise").WithDescription("Enters a decision; from then on the enterprise is refused at registration with this reason.");

    private static async Task<Created<Response>> Handle(Request request, Caller caller, CreditDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var debarment = Debarment.Decide(request.SocialCreditCode, request.EnterpriseName, request.Reason, request.DecisionNumber, request.Article, request.From, request.Until, caller.Person, now);
        db.Add(debarment);
        db.Publish(new EnterpriseDebarred(debarment.Id, debarment.SocialCreditCode, debarment.EnterpriseName, debarment.Reason, debarment.DecisionNumber, debarment.Article,
            debarment.ValidFrom, debarment.ValidUntil), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/credit/debarments/{debarment.Id}", new Response(debarment.Id));
    }
}
