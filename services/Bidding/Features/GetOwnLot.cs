using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>Where a bidder stands with a lot, and what of its own is stored here; of others it learns nothing.</summary>
public static class GetOwnLot
{
    public sealed record StandingBid(Guid BidId, int Revision, string ManifestHash, DateTimeOffset SubmittedAt);

    /// <summary>A bid that was taken once: it stands, or a higher revision or a withdrawal voided it.</summary>
    public sealed record StoredBid(Guid BidId, int Revision, string ManifestHash, DateTimeOffset SubmittedAt, bool Stands, Guid PriceUpload, Guid FilesUpload);

    /// <summary>An upload as it is stored: the digest of the whole once it is complete.</summary>
    public sealed record StoredUpload(Guid UploadId, string Part, long Length, long Received, string? Digest, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, bool InABid);

    /// <summary>Files that were not submitted when bidding closed count as withdrawn, by this rule.</summary>
    public sealed record CountedAsWithdrawn(string Rule, string Article);

    public sealed record Response(
        LotStage Stage, DateTimeOffset BidDeadline, bool Registered, DateTimeOffset? RegisteredAt, DepositState Deposit, string? DepositReason, int NextRevision, StandingBid? Bid,
        StoredBid[] Bids, StoredUpload[] Uploads, CountedAsWithdrawn? CountedAsWithdrawn);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}", Handle)
        .AllowRoles(Roles.Bidder).WithSummary("One's own state on a lot, and what is stored").WithDescription("Also names the revision that the next bid must have.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, BiddingDb db, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("lot");
        var registration = await db.Registrations.AsNoTracking().SingleOrDefaultAsync(r => r.LotId == lotId && r.BidderId == bidder, ct);
        var deposit = await db.Deposits.AsNoTracking().SingleOrDefaultAsync(d => d.LotId == lotId && d.BidderId == bidder, ct);
        var standing = await db.Standings.AsNoTracking().SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == bidder, ct);
        var bids = await db.Bids.AsNoTracking().Where(b => b.LotId == lotId && b.BidderId == bidder).OrderBy(b => b.Revision)
            .Select(b => new { b.Id, b.Revision, b.ManifestHash, b.SubmittedAt, b.PriceUpload, b.FilesUpload }).ToListAsync(ct);
        var uploads = await db.Uploads.AsNoTracking().Where(u => u.LotId == lotId && u.BidderId == bidder).OrderBy(u => u.CreatedAt).ThenBy(u => u.Id).ToListAsync(ct);
        var named = bids.SelectMany(b => new[] { b.PriceUpload, b.FilesUpload }).ToHashSet();
        var stands = bids.SingleOrDefault(b => b.Id == standing?.BidId);
        return TypedResults.Ok(new Response(lot.Stage, lot.BidDeadline, registration is not null, registration?.RegisteredAt, deposit?.State ?? DepositState.None, deposit?.Reason,
            (standing?.Revision ?? 0) + 1, stands is null ? null : new StandingBid(stands.Id, stands.Revision, stands.ManifestHash, stands.SubmittedAt),
            [.. bids.Select(b => new StoredBid(b.Id, b.Revision, b.ManifestHash, b.SubmittedAt, b == stands, b.PriceUpload, b.FilesUpload))],
            [.. uploads.Where(u => u.RemovedAt is null).Select(u => new StoredUpload(u.Id, u.Part, u.Length, u.Received, u.Digest, u.CreatedAt, u.NextDueAt, named.Contains(u.Id)))],
            Withdrawn(lot, stands is not null, uploads.Any(u => !named.Contains(u.Id) && (u.RemovedAt is null || u.RemovedAt >= lot.ClosedAt)))));
    }

    // 20号令 27 in the one regime: what was not transferred completely when the time was up counts as withdrawn.
    private static CountedAsWithdrawn? Withdrawn(Lot lot, bool stands, bool unsubmitted)
    {
        if (lot.Stage != LotStage.Closed || stands || !unsubmitted) return null;
        var rule = RuleSet.Get(lot.RuleSetId).Get(RuleKey.UnsealedBid);
        return new CountedAsWithdrawn(rule.Id, rule.Article);
    }
}
