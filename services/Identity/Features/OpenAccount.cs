using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>The operator opens an account for a person of an agency, a tenderer, the centre, an authority or an expert's employer; never of a bidder.</summary>
public static class OpenAccount
{
    public const int RolesMax = 4;

    public sealed record House(
        [property: Required, RegularExpression(Bounds.Code)] string SocialCreditCode, [property: Required, StringLength(Bounds.NameMax, MinimumLength = 1)] string Name, OrganisationKind Kind);

    public sealed record NewPerson(
        [property: Required, RegularExpression(Bounds.UserName)] string UserName, [property: Required, StringLength(Bounds.PasswordMax, MinimumLength = Bounds.PasswordMin)] string Password,
        [property: Required, StringLength(Bounds.DisplayNameMax, MinimumLength = 1)] string DisplayName, [property: Required, Length(1, RolesMax)] string[] Roles);

    public sealed record Request([property: Required] House Organisation, [property: Required] NewPerson Person);
    public sealed record Response(Guid OrganisationId, Guid PersonId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/accounts", Handle)
        .AllowRoles(Roles.Operator).Idempotent<IdentityDb>()
        .WithSummary("Open an account").WithDescription("An organisation that is there already, under the same code, name and kind, is used again.");

    private static async Task<Created<Response>> Handle(Request request, IdentityDb db, Enrolment enrolment, CancellationToken ct)
    {
        var (house, person) = (request.Organisation, request.Person);
        Rule.Require(house.Kind != OrganisationKind.Bidder, "bidder-registers-itself", "A bidder's account is opened by the bidder alone: it would let the operator bid.");
        var unknown = person.Roles.FirstOrDefault(r => !Contracts.Roles.All.Contains(r));
        if (unknown is not null) throw new MalformedException("person.roles", $"The roles are {string.Join(", ", Contracts.Roles.All)}.");
        var organisation = await db.Organisations.SingleOrDefaultAsync(o => o.SocialCreditCode == house.SocialCreditCode, ct);
        Rule.Require(organisation is null || (organisation.Kind == house.Kind && organisation.Name == house.Name), "organisation-differs",
            "An organisation with this unified social credit code is registered under another name or kind: use those.");
        organisation ??= enrolment.Enter(house.SocialCreditCode, house.Name, house.Kind, "organisation.socialCreditCode");
        var added = await enrolment.AddAsync(organisation, person.UserName, person.Password, person.DisplayName, [.. person.Roles.Distinct()]);
        return TypedResults.Created((string?)null, new Response(organisation.Id, added.Id));
    }
}
