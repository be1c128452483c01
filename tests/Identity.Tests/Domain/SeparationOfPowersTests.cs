using Tendering.Contracts;
using Tendering.Identity.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Tests.Domain;

public class SeparationOfPowersTests
{
    private static readonly string[] People = [.. Roles.All.Where(r => r != Roles.Bank)];

    public static TheoryData<string, string> Pairs => [.. from a in People from b in People where string.CompareOrdinal(a, b) < 0 select (a, b)];

    private static string? CodeOf(string[] roles, OrganisationKind kind)
    {
        try { SeparationOfPowers.Require(roles, kind); return null; }
        catch (RuleBrokenException e) { return e.Code; }
    }

    [Theory, MemberData(nameof(Pairs))]
    public void Two_roles_meet_in_one_person_only_at_the_desks_of_the_centre(string one, string other)
    {
        var allowed = one == Roles.Centre && other == Roles.Finance;
        foreach (var kind in Enum.GetValues<OrganisationKind>())
        {
            var (code, turned) = (CodeOf([one, other], kind), CodeOf([other, one], kind));
            Assert.Equal(code, turned);
            Assert.Equal(allowed ? kind == OrganisationKind.Centre ? null : "role-not-of-kind" : "powers-not-separate", code);
        }
    }

    [Fact]
    public void Every_single_role_belongs_to_some_kind_of_organisation_and_the_banks_to_none()
    {
        Assert.All(People, role => Assert.Contains(Enum.GetValues<OrganisationKind>(), kind => CodeOf([role], kind) is null));
        Assert.All(Enum.GetValues<OrganisationKind>(), kind => Assert.Equal("role-of-machines", CodeOf([Roles.Bank], kind)));
        Assert.Equal("role-missing", CodeOf([], OrganisationKind.Agency));
    }

    [Fact]
    public void A_refusal_says_why()
    {
        var refused = Assert.Throws<RuleBrokenException>(() => SeparationOfPowers.Require([Roles.Agency, Roles.Supervisor], OrganisationKind.Agency));
        Assert.Contains("oversee", refused.Message, StringComparison.Ordinal);
    }
}
