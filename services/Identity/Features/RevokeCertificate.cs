using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>From now on nothing is signed with this certificate: a key was lost, or its holder is no longer who it says.</summary>
public static class RevokeCertificate
{
    public sealed record Request(
        [property: Required, RegularExpression("^[0-9A-Fa-f]{2,40}$")] string SerialNumber, [property: Required, StringLength(Bounds.ReasonMax, MinimumLength = 1)] string Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/certificates/{organisationId:guid}/revocation", Handle)
        .AllowRoles(Roles.Operator, Roles.Supervisor).Idempotent<IdentityDb>().WithSummary("Revoke a certificate");

    private static async Task<NoContent> Handle(Guid organisationId, Request request, IdentityDb db, TimeProvider clock, CancellationToken ct)
    {
        var (now, serial) = (clock.GetUtcNow(), request.SerialNumber.ToUpperInvariant());
        var certificate = (await db.Certificates.SingleOrDefaultAsync(c => c.OrganisationId == organisationId && c.SerialNumber == serial, ct)).Or404("certificate");
        certificate.Revoke(request.Reason, now);
        db.Publish(new CertificateRevoked(organisationId, serial, request.Reason, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
