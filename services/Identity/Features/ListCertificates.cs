using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>An organisation's signing certificates with their revocations, so that anyone can check a signature.</summary>
public static class ListCertificates
{
    public const int ListMax = 100;

    public sealed record Item(
        string SerialNumber, string Certificate, string Issuer, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt, string? RevocationReason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/certificates/{organisationId:guid}", Handle)
        .AllowEveryone().WithSummary("An organisation's certificates, newest first");

    private static async Task<Ok<Item[]>> Handle(Guid organisationId, IdentityDb db, CancellationToken ct)
    {
        if (!await db.Organisations.AnyAsync(o => o.Id == organisationId, ct)) throw new NotFoundException("organisation");
        return TypedResults.Ok(await db.Certificates.AsNoTracking().Where(c => c.OrganisationId == organisationId).OrderByDescending(c => c.NotBefore).Take(ListMax)
            .Select(c => new Item(c.SerialNumber, c.CertificatePem, c.IssuerPem, c.NotBefore, c.NotAfter, c.RevokedAt, c.RevocationReason)).ToArrayAsync(ct));
    }
}
