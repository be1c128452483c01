using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Features;

/// <summary>What registering oneself, an operator's opening of an account, and the development seed have in common.</summary>
public sealed class Enrolment(IdentityDb db, UserManager<Person> people, TimeProvider clock)
{
    /// <summary>A new organisation, told to the others when saved.</summary>
    public Organisation Enter(string socialCreditCode, string name, OrganisationKind kind, string field)
    {
        if (!SocialCreditCode.IsValid(socialCreditCode)) throw new MalformedException(field, "This is no unified social credit code of GB 32100-2015: its check character does not fit.");
        var now = clock.GetUtcNow();
        var organisation = new Organisation { SocialCreditCode = socialCreditCode, Name = name, Kind = kind, RegisteredAt = now };
        db.Add(organisation);
        db.Publish(new OrganisationRegistered(organisation.Id, socialCreditCode, name, JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()), now), now);
        return organisation;
    }

    /// <summary>Adds the person and saves all that waits; who came first keeps the name or the code.</summary>
    public async Task<Person> AddAsync(Organisation organisation, string userName, string password, string displayName, string[] roles, bool development = false)
    {
        SeparationOfPowers.Require(roles, organisation.Kind);
        var now = clock.GetUtcNow();
        var person = new Person
        {
            Id = Guid.CreateVersion7(), OrganisationId = organisation.Id, UserName = userName, DisplayName = displayName, Roles = roles, Development = development, OpenedAt = now,
        };
        db.Publish(new AccountOpened(person.Id, organisation.Id, roles, now), now);
        try
        {
            var result = await people.CreateAsync(person, password);
            if (result.Errors.FirstOrDefault() is { } error) throw Refusal(error);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } taken)
        {
            throw taken.ConstraintName == "organisation_code_taken" ? CodeTaken() : NameTaken();
        }
        return person;
    }

    public static RuleBrokenException CodeTaken() => new("organisation-exists", "An organisation with this unified social credit code is registered already: let its people sign in.");

    private static RuleBrokenException NameTaken() => new("user-name-taken", "Somebody has this user name: choose another.");

    private static Exception Refusal(IdentityError error) => error.Code == nameof(IdentityErrorDescriber.DuplicateUserName)
        ? NameTaken()
        : new MalformedException(error.Code.StartsWith("Password", StringComparison.Ordinal) ? "person.password" : "person.userName", error.Description);
}
