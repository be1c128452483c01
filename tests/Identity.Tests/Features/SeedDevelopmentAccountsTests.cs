using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Contracts;
using Tendering.Identity.Data;
using Tendering.Identity.Features;
using Tendering.Testing;

namespace Tendering.Identity.Tests.Features;

public class SeedDevelopmentAccountsTests
{
    private static readonly (string Name, string Role)[] Parts =
    [
        ("operator", Roles.Operator), ("agency", Roles.Agency), ("tenderer", Roles.Agency), ("centre", Roles.Centre), ("finance", Roles.Finance),
        ("industry", Roles.Supervisor), ("office", Roles.Supervisor), ("supervisor", Roles.Supervisor), .. Enumerable.Range(1, 15).Select(n => ($"expert{n:00}", Roles.Expert)),
    ];

    private static async Task<int> PeopleAsync(IdentityProcess process)
    {
        await using var scope = process.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IdentityDb>().People.CountAsync();
    }

    [Fact]
    public async Task Every_part_has_an_account_in_an_organisation_of_its_own_and_a_restart_adds_none()
    {
        await using var process = await IdentityProcess.StartAsync("Development");
        var organisations = new Dictionary<string, string>();
        foreach (var (name, role) in Parts)
        {
            var answer = await process.SignInAsync(name, "Tendering-dev-2026!");
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{name}: {answer.StatusCode}");
            var person = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("person");
            Assert.Equal([role], person.GetProperty("roles").Deserialize<string[]>()!);
            organisations[name] = person.GetProperty("organisationId").GetString()!;
        }
        Assert.Equal(organisations["centre"], organisations["finance"]);
        Assert.Equal(Parts.Length - 1, organisations.Values.Distinct().Count());

        await using var second = await IdentityProcess.StartAsync("Development", process.ConnectionString);
        Assert.Equal(Parts.Length, await PeopleAsync(second));
        await using var scope = process.Services.CreateAsyncScope();
        var told = await scope.ServiceProvider.GetRequiredService<IdentityDb>().Set<ServiceDefaults.OutboxEvent>().CountAsync(e => e.Type == "identity.organisation-registered");
        Assert.Equal(Parts.Length - 1, told);
    }

    [Fact]
    public async Task In_production_there_are_none_and_none_are_issued_certificates()
    {
        await using var process = await IdentityProcess.StartAsync("Production");
        Assert.Equal(0, await PeopleAsync(process));
        foreach (var (name, _) in Parts) Assert.Equal(HttpStatusCode.Unauthorized, (await process.SignInAsync(name, "Tendering-dev-2026!")).StatusCode);

        var refused = await IdentityHost.PostAsync(process.Client(), "/api/identity/organisations", IdentityHost.Bidder());
        Assert.Equal((HttpStatusCode.Conflict, "no-certificate-authority"), (refused.StatusCode, await refused.CodeAsync()));
        Assert.Contains("Certificates:TrustedRoots", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_copied_from_development_lets_none_of_them_in()
    {
        await using var development = await IdentityProcess.StartAsync("Development");
        var session = (await (await development.SignInAsync("operator", "Tendering-dev-2026!")).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString();
        await using var production = await IdentityProcess.StartAsync("Production", development.ConnectionString);
        var signIn = await production.SignInAsync("operator", "Tendering-dev-2026!");
        var token = await production.Client().PostAsJsonAsync("/api/identity/sessions/token", new { session });
        Assert.Equal(("sign-in-failed", "session-ended"), (await signIn.CodeAsync(), await token.CodeAsync()));
    }

    [Fact]
    public async Task Production_refuses_weak_password_hashing()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => IdentityProcess.StartAsync("Production", null, ("Passwords:Iterations", "99999")));
        Assert.Contains("100000", refused.Message, StringComparison.Ordinal);
    }
}
