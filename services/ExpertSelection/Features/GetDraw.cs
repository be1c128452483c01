using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>What everyone may see of a draw: pool hash, commitments, reveals, its log; and after the result who sits on the committee and how to check it.</summary>
public static class GetDraw
{
    public sealed record Response(
        Guid DrawId, Guid TenderId, Guid LotId, DrawStage Stage, string? FailReason, string Purpose, int Round, int Requested, string PoolHash, int PoolSize,
        IReadOnlyDictionary<string, int> Excluded, DateTimeOffset FrozenAt, string VrfPublicKey, string? CheckpointRoot, string? Alpha, DateTimeOffset? RevealBy,
        CommitmentItem[] Commitments, RevealItem[] Reveals, JsonElement[] Log, JsonElement? Record, Member[]? Members);

    public sealed record CommitmentItem(int Round, string Party, string Commitment, DateTimeOffset At);
    public sealed record RevealItem(int Round, string Party, string Reveal, DateTimeOffset At);

    /// <summary>The salt opens the member's line in the pool.</summary>
    public sealed record Member(Guid ExpertId, string Name, string Employer, int PoolNumber, string PoolSalt, string SigningKey);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/draws/{id:guid}", Handle).AllowEveryone().WithSummary("A draw").WithDescription("Names, numbers drawn and the proof are shown once the result is public.");
        routes.MapGet("/lots/{lotId:guid}/draw", HandleLot).AllowSignedIn().WithSummary("The latest draw of a lot");
        routes.MapGet("/draws/{id:guid}/pool", HandlePool).AllowEveryone().WithSummary("The frozen pool without names").WithDescription("Canonical JSON; its SHA-256 is the pool hash.");
        routes.MapGet("/draws/{id:guid}/record", HandleRecord).AllowEveryone().WithSummary("The draw's record, to be repeated").WithDescription("Canonical JSON; once the result is public.");
    }

    private static async Task<Ok<Response>> Handle(Guid id, ExpertSelectionDb db, CancellationToken ct) => TypedResults.Ok(await ViewAsync((await LoadAsync(db, id, ct)).Or404("draw"), db, ct));

    private static async Task<Ok<Response>> HandleLot(Guid lotId, ExpertSelectionDb db, CancellationToken ct)
    {
        var latest = await db.Draws.Where(d => d.LotId == lotId).OrderByDescending(d => d.Id).Select(d => (Guid?)d.Id).FirstOrDefaultAsync(ct);
        var draw = latest is { } id ? await LoadAsync(db, id, ct) : null;
        return TypedResults.Ok(await ViewAsync(draw.Or404("draw"), db, ct));
    }

    private static async Task<IResult> HandlePool(Guid id, ExpertSelectionDb db, CancellationToken ct)
    {
        var lines = await db.PoolLines.AsNoTracking().Where(l => l.DrawId == id).Select(l => new PoolEntry(l.Number, l.Commitment)).ToListAsync(ct);
        if (lines.Count == 0) throw new NotFoundException("draw");
        return TypedResults.Text(PoolText(lines), "application/json", Encoding.UTF8);
    }

    /// <summary>The text whose SHA-256 is the pool hash.</summary>
    internal static string PoolText(IEnumerable<PoolEntry> lines) => Encoding.UTF8.GetString(CanonicalJson.Serialize(lines.OrderBy(l => l.Number).ToList()));

    private static async Task<IResult> HandleRecord(Guid id, ExpertSelectionDb db, CancellationToken ct)
    {
        var draw = (await LoadAsync(db, id, ct)).Or404("draw");
        var record = await IsDisclosedAsync(db, draw, ct) ? draw.Record() : null;
        return TypedResults.Bytes(record.Or404("record yet").Canonical(), "application/json");
    }

    /// <summary>What repeats a draw and shows that nothing was chosen late: its log, and its record if anything was drawn.</summary>
    internal static string DrawText(Draw draw) => Encoding.UTF8.GetString(CanonicalJson.Serialize(new Disclosed([.. draw.Log.OrderBy(e => e.Number).Select(e => JsonElement.Parse(e.Text))], draw.Record())));

    private sealed record Disclosed(JsonElement[] Log, DrawRecord? Record);

    // One snapshot for the draw and what hangs on it: between two reads a round may end.
    private static async Task<Draw?> LoadAsync(ExpertSelectionDb db, Guid id, CancellationToken ct)
    {
        await using var snapshot = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        return await db.Draws.AsNoTracking().AsSplitQuery().Include(d => d.Parties).Include(d => d.Seats).Include(d => d.Log).SingleOrDefaultAsync(d => d.Id == id, ct);
    }

    private static Task<bool> IsDisclosedAsync(ExpertSelectionDb db, Draw draw, CancellationToken ct) => db.Lots.AnyAsync(l => l.Id == draw.LotId && l.DisclosedAt != null, ct);

    private static async Task<Response> ViewAsync(Draw draw, ExpertSelectionDb db, CancellationToken ct)
    {
        var disclosed = await IsDisclosedAsync(db, draw, ct);
        var parties = draw.Parties.OrderBy(p => p.Round).ThenBy(p => p.CommittedAt).ToList();
        return new Response(
            draw.Id, draw.TenderId, draw.LotId, draw.Stage, draw.FailReason, draw.Purpose, draw.Round, draw.Requested, draw.PoolHash, draw.PoolSize, draw.Excluded, draw.FrozenAt,
            draw.VrfPublicKey, draw.CheckpointRoot, draw.Alpha, draw.RevealBy,
            [.. parties.Select(p => new CommitmentItem(p.Round, p.Name, p.Commitment, p.CommittedAt))],
            [.. parties.Where(p => p.Reveal is not null).Select(p => new RevealItem(p.Round, p.Name, p.Reveal!, p.RevealedAt!.Value))],
            [.. draw.Log.OrderBy(e => e.Number).Select(e => JsonElement.Parse(e.Text))],
            disclosed && draw.Record() is { } record ? JsonElement.Parse(record.Canonical()) : null,
            disclosed ? await MembersAsync(draw, db, ct) : null);
    }

    private static async Task<Member[]> MembersAsync(Draw draw, ExpertSelectionDb db, CancellationToken ct)
    {
        var members = from seat in db.Seats.AsNoTracking()
                      join expert in db.Experts on seat.ExpertId equals expert.Id
                      join line in db.PoolLines on new { seat.DrawId, Number = seat.PoolNumber } equals new { line.DrawId, line.Number }
                      where seat.DrawId == draw.Id && seat.Stage == SeatStage.Accepted
                      orderby seat.Position
                      select new { expert.Id, expert.Name, expert.Employer, seat.PoolNumber, line.Salt, seat.SigningKey };
        return [.. (await members.ToListAsync(ct)).Select(m => new Member(m.Id, m.Name, m.Employer, m.PoolNumber, Base64UrlText.Encode(m.Salt), m.SigningKey!))];
    }
}
