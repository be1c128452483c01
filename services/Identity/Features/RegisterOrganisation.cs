using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Keys;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>A bidder enters the market by itself, without anybody's leave, and gets its signing certificate.</summary>
public static class RegisterOrganisation
{
    public sealed record Account(
        [property: Required, RegularExpression(Bounds.AccountNumber)] string Number, [property: Required, StringLength(Bounds.NameMax, MinimumLength = 1)] string Name);

    public sealed record FirstPerson(
        [property: Required, RegularExpression(Bounds.UserName)] string UserName, [property: Required, StringLength(Bounds.PasswordMax, MinimumLength = Bounds.PasswordMin)] string Password,
        [property: Required, StringLength(Bounds.DisplayNameMax, MinimumLength = 1)] string DisplayName);

    public sealed record Request(
        [property: Required, RegularExpression(Bounds.Code)] string SocialCreditCode, [property: Required, StringLength(Bounds.NameMax, MinimumLength = 1)] string Name,
        OrganisationKind Kind, [property: Required] Account BasicAccount, [property: Required, StringLength(Bounds.RequestMax)] string CertificateRequest,
        [property: Required] FirstPerson Person);

    public sealed record Response(Guid OrganisationId, Guid PersonId, string Certificate, string Issuer);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/organisations", Handle)
        .AllowEveryone().Idempotent<IdentityDb>()
        .WithSummary("Register a bidder").WithDescription("Free registration: nobody approves it. The certificate's subject is what is registered here, whatever the request names.");

    private static async Task<Created<Response>> Handle(Request request, IdentityDb db, Enrolment enrolment, LocalAuthority authority, TimeProvider clock, CancellationToken ct)
    {
        Rule.Require(request.Kind == OrganisationKind.Bidder, "kind-not-open", "Only bidders register themselves: the platform's operator opens the accounts of all others.");
        var key = CertificateForm.ReadRequest(request.CertificateRequest, "certificateRequest");
        if (await db.Organisations.AnyAsync(o => o.SocialCreditCode == request.SocialCreditCode, ct)) throw Enrolment.CodeTaken();
        var (now, account) = (clock.GetUtcNow(), request.BasicAccount);
        var organisation = enrolment.Enter(request.SocialCreditCode, request.Name, OrganisationKind.Bidder, "socialCreditCode");
        db.Add(new BasicAccount { OrganisationId = organisation.Id, Number = account.Number, Name = account.Name, RegisteredAt = now });
        db.Publish(new BasicAccountRegistered(organisation.Id, account.Number, account.Name, now), now);
        var certificate = await authority.IssueAsync(organisation, key, db, ct);
        db.Add(certificate);
        db.Publish(new CertificateIssued(organisation.Id, certificate.SerialNumber, certificate.CertificatePem, certificate.IssuerPem, certificate.NotBefore, certificate.NotAfter), now);
        var person = await enrolment.AddAsync(organisation, request.Person.UserName, request.Person.Password, request.Person.DisplayName, [Roles.Bidder]);
        return TypedResults.Created($"/api/identity/certificates/{organisation.Id}", new Response(organisation.Id, person.Id, certificate.CertificatePem, certificate.IssuerPem));
    }
}
