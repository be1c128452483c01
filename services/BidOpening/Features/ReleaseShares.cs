using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// A custodian releases its shares. Each is checked against its hash in the bid's manifest, so a wrong one names its custodian and
/// spoils nothing; what then has enough good shares is opened at once.
/// </summary>
public static class ReleaseShares
{
    public const int SharesMax = 10_000, ShareTextMax = 200;

    public sealed record Item(Guid BidId, [property: RegularExpression("^(price|files)$")] string Part, [property: StringLength(ShareTextMax)] string Share);
    public sealed record Request([property: MinLength(1), MaxLength(SharesMax)] List<Item> Shares);
    public sealed record WrongItem(Guid BidId, string Part);
    public sealed record Response(int Good, WrongItem[] Wrong);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/shares", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<BidOpeningDb>()
        .WithSummary("Release a custodian's shares").WithDescription("Each share is base64url of its index byte and value. Wrong ones are recorded under the custodian's name.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, BidOpeningDb db, OpeningMeans means, TimeProvider clock, CancellationToken ct)
    {
        var person = caller.Person;
        var session = await db.LockSessionAsync(lotId, ct);
        var custodian = GetSealedShares.CustodianOf(session, caller);
        var now = clock.GetUtcNow();
        var opening = await PublicOpening.LoadAsync(session!, db, means, now, ct);
        opening.RequireClosingList();
        opening.DecideChangedManifests();

        var byId = opening.Bids.ToDictionary(b => b.Id);
        if (request.Shares.FirstOrDefault(s => !byId.ContainsKey(s.BidId)) is { } stray) throw new MalformedException(nameof(request.Shares), $"There is no bid {stray.BidId} in this lot.");
        // What a changed manifest would say of a share counts for nothing.
        var judged = request.Shares.Where(s => byId[s.BidId].IsAsClosed).DistinctBy(s => (s.BidId, s.Part, s.Share)).Select(item => Judge(item, byId[item.BidId], custodian.Index)).ToList();
        var (good, wrong) = (judged.Where(j => j.IsGood).ToList(), judged.Where(j => !j.IsGood).ToList());
        if (await KeepAsync(db, lotId, custodian.Index, good, wrong, now, ct))
        {
            db.Add(new ShareRelease { LotId = lotId, CustodianIndex = custodian.Index, PersonId = person, Good = good.Count, Wrong = wrong.Count, ReleasedAt = now });
            var released = new SharesReleased(session!.TenderId, lotId, custodian.Index, custodian.OrganisationId, good.Count, wrong.Count, now);
            // Archives may still wait for shares when the hall has ended.
            db.TellWhileOpen(session, released, now);
            await db.SaveChangesAsync(ct);
        }
        await opening.OpenWhatHasSharesAsync(ct);
        await opening.AnnounceIfDecidedAsync(ct);
        return TypedResults.Ok(new Response(good.Count, [.. wrong.Select(w => new WrongItem(w.BidId, w.Part))]));
    }

    private static Judged Judge(Item item, ListedBid bid, int index)
    {
        var share = Base64UrlText.TryDecode(item.Share);
        return share is not null && BidOpener.ShareMatches(bid.Parsed, item.Part, index, share)
            ? new Judged(item.BidId, item.Part, share, true)
            : new Judged(item.BidId, item.Part, share ?? System.Text.Encoding.UTF8.GetBytes(item.Share), false);
    }

    // What came before is not written again; true if anything was new.
    private static async Task<bool> KeepAsync(BidOpeningDb db, Guid lot, int index, List<Judged> good, List<Judged> wrong, DateTimeOffset now, CancellationToken ct)
    {
        var mine = db.Bids.Where(b => b.LotId == lot).Select(b => b.Id);
        var knownGood = (await db.GoodShares.Where(s => s.CustodianIndex == index && mine.Contains(s.BidId)).Select(s => new { s.BidId, s.Part }).ToListAsync(ct)).Select(s => (s.BidId, s.Part)).ToHashSet();
        var knownWrong = (await db.WrongShares.Where(s => s.CustodianIndex == index && mine.Contains(s.BidId)).Select(s => new { s.BidId, s.Part, s.ShareHash }).ToListAsync(ct))
            .Select(s => (s.BidId, s.Part, s.ShareHash)).ToHashSet();
        foreach (var share in good.Where(g => knownGood.Add((g.BidId, g.Part))))
            db.Add(new GoodShare { BidId = share.BidId, Part = share.Part, CustodianIndex = index, Share = share.Share, ReleasedAt = now });
        foreach (var share in wrong.Where(w => knownWrong.Add((w.BidId, w.Part, w.Hash))))
            db.Add(new WrongShare { BidId = share.BidId, Part = share.Part, CustodianIndex = index, ShareHash = share.Hash, ReleasedAt = now });
        return db.ChangeTracker.HasChanges();
    }

    private sealed record Judged(Guid BidId, string Part, byte[] Share, bool IsGood)
    {
        public string Hash => HexText.Sha256(Share);
    }
}
