using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.ExpertSelection;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>An invited expert takes its seat, with the key that it will sign the report with; the last seat makes the committee.</summary>
public static class AcceptInvitation
{
    public sealed record Request([property: StringLength(Domain.SigningKey.TextMax, MinimumLength = 1)] string SigningKey);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/draws/{id:guid}/acceptance", Handle)
        .AllowRoles(Roles.Expert).Idempotent<ExpertSelectionDb>().WithSummary("Accept a seat on a committee").WithDescription("With a P-256 public key (SubjectPublicKeyInfo, base64) made for this report.");

    // The answer is empty: it must not tell how many others have accepted.
    private static async Task<NoContent> Handle(Guid id, Request request, Caller caller, ExpertSelectionDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var key = SigningKey.Read(request.SigningKey);
        var (draw, expert) = await Invitation.FindAsync(db, id, caller, ct);
        draw.Accept(expert, key, now);
        db.PublishWhatHappened(draw, now);
        if (draw.Stage == DrawStage.Ready) db.Publish(new CommitteeReady(draw.TenderId, draw.LotId, draw.Id, await MembersAsync(db, draw, ct), now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<CommitteeMember[]> MembersAsync(ExpertSelectionDb db, Draw draw, CancellationToken ct)
    {
        var seats = draw.Seats.Where(s => s.Stage == SeatStage.Accepted).OrderBy(s => s.Position).ToList();
        var ids = seats.Select(s => s.ExpertId).ToList();
        var experts = await db.Experts.AsNoTracking().Where(e => ids.Contains(e.Id)).ToDictionaryAsync(e => e.Id, ct);
        return [.. seats.Select(s => (Seat: s, Expert: experts[s.ExpertId])).Select(m => new CommitteeMember(m.Expert.Id, m.Expert.PersonId, m.Expert.Name, m.Expert.Employer, m.Seat.SigningKey!))];
    }
}

/// <summary>The draw that invites the caller; for everybody else there is no such invitation.</summary>
internal static class Invitation
{
    public static async Task<(Draw Draw, Guid Expert)> FindAsync(ExpertSelectionDb db, Guid id, Caller caller, CancellationToken ct)
    {
        var person = caller.Person;
        var expert = await db.Experts.AsNoTracking().SingleOrDefaultAsync(e => e.PersonId == person, ct);
        var draw = expert is null ? null : await db.LockDrawAsync(id, ct);
        if (expert is null || draw is null || draw.Seats.All(s => s.ExpertId != expert.Id)) throw new NotFoundException("invitation");
        return (draw, expert.Id);
    }
}
