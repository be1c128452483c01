using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Credit.Data;
using Tendering.Credit.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>An enterprise's public archive: its name and every debarment, past and present.</summary>
public static class GetEnterprise
{
    public sealed record Response(string SocialCreditCode, string Name, DateTimeOffset RegisteredAt, ListDebarments.Item[] Debarments);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/enterprises/{code:length(18)}", Handle).AllowEveryone().WithSummary("An enterprise's credit archive");

    private static async Task<Ok<Response>> Handle(string code, CreditDb db, CancellationToken ct)
    {
        var enterprise = (await db.Enterprises.AsNoTracking().SingleOrDefaultAsync(e => e.SocialCreditCode == code, ct)).Or404("enterprise");
        var debarments = await db.Debarments.AsNoTracking().Where(d => d.SocialCreditCode == code).OrderByDescending(d => d.Id)
            .Select(d => new ListDebarments.Item(d.Id, d.SocialCreditCode, d.EnterpriseName, d.Reason, d.DecisionNumber, d.Article, d.ValidFrom, d.ValidUntil, d.Stage)).ToArrayAsync(ct);
        return TypedResults.Ok(new Response(enterprise.SocialCreditCode, enterprise.Name, enterprise.RegisteredAt, debarments));
    }
}
