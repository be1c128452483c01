using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Identity.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>Who am I?</summary>
public static class GetMe
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/me", Handle).AllowSignedIn().WithSummary("The person who is signed in");

    private static async Task<Ok<SignIn.WhoSignedIn>> Handle(Caller caller, IdentityDb db, CancellationToken ct)
    {
        var id = caller.Person;
        var me = from person in db.People.AsNoTracking()
                 join organisation in db.Organisations on person.OrganisationId equals organisation.Id
                 where person.Id == id
                 select new SignIn.WhoSignedIn(person.Id, person.DisplayName, organisation.Id, organisation.Name, person.Roles);
        return TypedResults.Ok((await me.SingleOrDefaultAsync(ct)).Or404("person"));
    }
}
