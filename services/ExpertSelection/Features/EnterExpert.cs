using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>The trading centre enters an expert into the library.</summary>
public static class EnterExpert
{
    public const int YearsMax = 80;

    public sealed record Request(
        Guid PersonId, [property: StringLength(100, MinimumLength = 1)] string Name, [property: StringLength(100, MinimumLength = 1)] string Specialty,
        [property: StringLength(200, MinimumLength = 1)] string Employer, [property: StringLength(18, MinimumLength = 18)] string EmployerCode,
        [property: StringLength(100, MinimumLength = 1)] string District, [property: Range(0, YearsMax)] int YearsInField, bool SeniorTitle);

    public sealed record Response(Guid ExpertId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/experts", Handle)
        .AllowRoles(Roles.Centre).Idempotent<ExpertSelectionDb>().WithSummary("Enter an expert into the library").WithDescription("The person must have an account; one person is one expert.");

    private static async Task<Created<Response>> Handle(Request request, Caller caller, ExpertSelectionDb db, TimeProvider clock, CancellationToken ct)
    {
        if (request.PersonId == Guid.Empty) throw new MalformedException("personId", "The id of the expert's account is needed.");
        if (!SocialCreditCode.IsValid(request.EmployerCode)) throw new MalformedException("employerCode", "This is no unified social credit code (GB 32100-2015): check its characters.");
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({request.PersonId.ToString()}, 0))", ct);
        Rule.Require(!await db.Experts.AnyAsync(e => e.PersonId == request.PersonId, ct), "expert-known", "This person is in the library already.");
        var expert = new Expert
        {
            PersonId = request.PersonId, Name = request.Name.Trim(), Specialty = request.Specialty.Trim(), Employer = request.Employer.Trim(), EmployerCode = request.EmployerCode,
            District = request.District.Trim(), YearsInField = request.YearsInField, SeniorTitle = request.SeniorTitle, EnteredBy = caller.Person, EnteredAt = clock.GetUtcNow(),
        };
        db.Add(expert);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/expert-selection/experts/{expert.Id}", new Response(expert.Id));
    }
}
