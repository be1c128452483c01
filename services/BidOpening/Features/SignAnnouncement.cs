using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>A party that is present confirms what was announced: by its session, or with a certificate of its organisation over the announcement's bytes.</summary>
public static class SignAnnouncement
{
    private const int SignatureTextMax = BidSignature.BytesMax / 3 * 4 + 4;

    public sealed record Request([property: Required, RegularExpression("^[0-9a-f]{64}$")] string AnnouncedHash, [property: StringLength(SignatureTextMax)] string? Signature);
    public sealed record Response(SessionStage Stage, string Way, DateTimeOffset SignedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/signatures", Handle)
        .AllowRoles(Roles.Bidder, Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<BidOpeningDb>()
        .WithSummary("Sign what was announced").WithDescription("By a party that is present. The signature, if one is brought, is a detached CMS in base64 over the bytes of /announcement. Silence is recorded too.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, BidOpeningDb db, OpeningMeans means, TrustedAuthorities authorities, TimeProvider clock, CancellationToken ct)
    {
        var (person, now) = (caller.Person, clock.GetUtcNow());
        var session = await db.LockSessionAsync(lotId, ct);
        if (session is not { IsPublic: true }) throw new NotFoundException("opening");
        var present = await SignIn.PresentAsync(lotId, caller, db, ct);
        if (await db.Signatures.FindAsync([lotId, present.OrganisationId], ct) is { } before) return TypedResults.Ok(new Response(session.Stage, before.Way, before.SignedAt));
        Rule.Require(session.Stage != SessionStage.Opening, "not-announced", "There is nothing to sign yet: bids are still being opened.");
        Rule.Require(session.Stage == SessionStage.Confirming && now < session.ConfirmBy, "signature-too-late", "The time for signatures is over; the record says that your organisation was silent.");
        Rule.Require(request.AnnouncedHash == session.AnnouncedHash, "announcement-differs", "This is not the hash of what was announced: load the announcement again.");
        if (request.Signature is { } signature) await RequireGoodAsync(signature, session, present.OrganisationId, db, authorities, now, ct);
        var way = request.Signature is null ? AnnouncementSignature.BySession : AnnouncementSignature.ByCertificate;
        db.Add(new AnnouncementSignature { LotId = lotId, OrganisationId = present.OrganisationId, PersonId = person, Way = way, Signature = request.Signature, SignedAt = now });
        db.Tell(session, new AnnouncementSigned(session.TenderId, lotId, present.OrganisationId, present.OrganisationName!, way, request.AnnouncedHash, request.Signature, now), now);
        var opening = await PublicOpening.LoadAsync(session, db, means, now, ct);
        await opening.CompleteIfConfirmedAsync(ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(session.Stage, way, now));
    }

    private static async Task RequireGoodAsync(string text, OpeningSession session, Guid organisation, BidOpeningDb db, TrustedAuthorities authorities, DateTimeOffset now, CancellationToken ct)
    {
        var cms = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, cms, out var length)) throw new MalformedException(nameof(Request.Signature), "The signature is not base64.");
        var own = await db.Certificates.AsNoTracking().Where(c => c.OrganisationId == organisation).ToListAsync(ct);
        var check = BidSignature.Verify(Encoding.UTF8.GetBytes(session.Announced!), cms[..length], authorities.RootsOr(own.Select(c => c.IssuerPem)), now);
        Rule.Require(check.IsGood, "signature-" + Word.Of(check.Verdict), "The signature does not hold over the announcement's bytes.");
        var (signer, revocation) = (check.Signer!, authorities.StateOf(check.Signer!.Path));
        Rule.Require(own.Exists(c => c.Thumbprint == signer.Thumbprint), "certificate-of-another", "The certificate is none of your organisation's.");
        var serial = RevocationList.Normal(signer.Certificate.SerialNumber);
        Rule.Require(revocation != RevocationState.Revoked && !await db.Revocations.AnyAsync(r => r.OrganisationId == organisation && r.SerialNumber == serial, ct), "certificate-revoked", "The certificate is revoked.");
        Rule.Require(revocation != RevocationState.Unknown, "revocation-unknown", "The revocation list of your certificate's authority cannot be read at the moment: sign again in a minute, or without a certificate.");
    }
}
