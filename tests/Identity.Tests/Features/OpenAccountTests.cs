using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Identity;
using Tendering.Identity.Data;
using Tendering.Identity.Domain;
using Tendering.Identity.Features;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class OpenAccountTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    private const string Path = "/api/identity/accounts", Password = "a long enough password";

    private static OpenAccount.Request Account(OrganisationKind kind = OrganisationKind.Agency, string[]? roles = null, string? code = null, string name = "Fair Agency") => new(
        new(code ?? IdentityHost.NewCode(), name, kind), new("p" + Guid.NewGuid().ToString("N")[..12], Password, "Wang Fang", roles ?? [Roles.Agency]));

    private Task<HttpResponseMessage> PostAsync(OpenAccount.Request request) => IdentityHost.PostAsync(host.As(Roles.Operator), Path, request);

    [Fact]
    public async Task The_operator_opens_an_account_whose_person_signs_in()
    {
        var request = Account();
        var answer = await PostAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var opened = (await answer.Content.ReadFromJsonAsync<OpenAccount.Response>())!;
        Assert.Contains(await host.PublishedAsync<OrganisationRegistered, IdentityDb>(), e => e.OrganisationId == opened.OrganisationId && e.Kind == "agency");

        var signedIn = await (await host.SignInAsync(request.Person.UserName, Password)).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(opened.PersonId, signedIn.GetProperty("person").GetProperty("id").GetGuid());
        Assert.Equal("Fair Agency", signedIn.GetProperty("person").GetProperty("organisationName").GetString());
        Assert.Equal([Roles.Agency], signedIn.GetProperty("person").GetProperty("roles").Deserialize<string[]>()!);
    }

    [Fact]
    public async Task A_second_person_joins_the_same_organisation()
    {
        var first = Account(OrganisationKind.Centre, [Roles.Centre], name: "Centre");
        var second = Account(OrganisationKind.Centre, [Roles.Finance], first.Organisation.SocialCreditCode, "Centre");
        var ids = new[] { await PostAsync(first), await PostAsync(second) }.Select(a => a.Content.ReadFromJsonAsync<OpenAccount.Response>().Result!).ToArray();
        Assert.Equal(ids[0].OrganisationId, ids[1].OrganisationId);
        Assert.Single(await host.PublishedAsync<OrganisationRegistered, IdentityDb>(), e => e.OrganisationId == ids[0].OrganisationId);
    }

    [Fact]
    public async Task What_may_not_be_is_refused_by_its_code()
    {
        var known = Account();
        await PostAsync(known);
        var (code, name) = (known.Organisation.SocialCreditCode, known.Organisation.Name);
        var cases = new (OpenAccount.Request Request, string Code)[]
        {
            (Account(roles: [Roles.Agency, Roles.Supervisor]), "powers-not-separate"),
            (Account(OrganisationKind.Operator, [Roles.Operator, Roles.Centre]), "powers-not-separate"),
            (Account(OrganisationKind.Agency, [Roles.Supervisor]), "role-not-of-kind"),
            (Account(OrganisationKind.Centre, [Roles.Bank]), "role-of-machines"),
            (Account(OrganisationKind.Bidder, [Roles.Bidder]), "bidder-registers-itself"),
            (Account(OrganisationKind.Authority, [Roles.Supervisor], code, name), "organisation-differs"),
            (Account(code: code, name: "Another Name"), "organisation-differs"),
            (known with { Organisation = known.Organisation with { SocialCreditCode = IdentityHost.NewCode() } }, "user-name-taken"),
        };
        foreach (var (request, expected) in cases)
        {
            var answer = await PostAsync(request);
            Assert.Equal((HttpStatusCode.Conflict, expected), (answer.StatusCode, await answer.CodeAsync()));
        }
    }

    [Fact]
    public async Task An_unknown_role_is_malformed()
    {
        var answer = await PostAsync(Account(roles: ["emperor"]));
        Assert.Equal((HttpStatusCode.BadRequest, "malformed"), (answer.StatusCode, await answer.CodeAsync()));
    }

    [Theory]
    [InlineData(Roles.Agency), InlineData(Roles.Bidder), InlineData(Roles.Supervisor), InlineData(Roles.Centre), InlineData(Roles.Finance), InlineData(Roles.Expert), InlineData(Roles.Bank)]
    public async Task Nobody_but_the_operator_opens_accounts(string role) =>
        Assert.Equal(HttpStatusCode.Forbidden, (await IdentityHost.PostAsync(host.As(role), Path, Account())).StatusCode);
}
