using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>The trading centre asks for a draw: the pool is frozen, its hash and the number asked for are public from now on.</summary>
public static class AskForDraw
{
    public sealed record Request(Guid LotId, [property: StringLength(200, MinimumLength = 1)] string? Purpose = null);

    public sealed record Response(Guid DrawId, string PoolHash, int PoolSize);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/draws", Handle)
        .AllowRoles(Roles.Centre).Idempotent<ExpertSelectionDb>().WithSummary("Ask for a draw of a lot's committee").WithDescription("After the opening, when the bidders are known.");

    private static async Task<Created<Response>> Handle(Request request, ExpertSelectionDb db, DrawTimes times, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var lot = await db.Lots.FromSql($"select * from lot where id = {request.LotId} for update").SingleOrDefaultAsync(ct);
        var terms = (lot?.Terms).Or404("lot");
        await CheckAsync(db, lot!, ct);
        var key = await db.VrfKeys.AsNoTracking().Where(k => k.PublishedAt < now).OrderByDescending(k => k.PublishedAt).FirstOrDefaultAsync(ct);
        Rule.Require(key is not null, "vrf-key-too-young", "The key of the random function must have stood in public before the draw: repeat in a moment.");

        var experts = await db.Experts.AsNoTracking().Where(e => e.Specialty == terms.Specialty).OrderBy(e => e.Id).Take(Pool.LinesMax + 1).ToListAsync(ct);
        var organisations = await db.Organisations.AsNoTracking().Where(o => o.Id == terms.AgencyId || o.Id == terms.TendererId || o.Kind == Organisation.Authority).ToListAsync(ct);
        var pool = Pool.Of(experts, Recusal.For(terms, lot!.Bidders!, organisations));
        var draw = Draw.Freeze(lot, terms, pool, request.Purpose ?? "evaluation committee", key!.PublicKey, times, now);
        db.Add(draw);
        db.PublishWhatHappened(draw, now);
        db.PublishDocument(draw.TenderId, "draw-pool", draw.Id, GetDraw.PoolText(draw.Pool.Select(l => l.Entry)), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/expert-selection/draws/{draw.Id}", new Response(draw.Id, draw.PoolHash, draw.PoolSize));
    }

    private static async Task CheckAsync(ExpertSelectionDb db, Lot lot, CancellationToken ct)
    {
        Rule.Require(lot.FailedAt is null, "lot-failed", "The lot has failed: there is nothing to evaluate.");
        Rule.Require(lot.Bidders is not null, "opening-not-completed", "A committee is drawn after the opening: only then is it known whom the bidders employ.");
        Rule.Require(!await db.Draws.AnyAsync(d => d.LotId == lot.Id && d.Stage != DrawStage.Failed, ct), "draw-exists", "This lot has its draw: a second one would be a choice.");
    }
}
