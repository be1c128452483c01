using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Identity.Features;

namespace Tendering.Identity.Tests.Features;

public class ListOrganisationsTests(IdentityHost host) : IClassFixture<IdentityHost>
{
    [Fact]
    public async Task Whoever_is_signed_in_pages_through_all_of_them()
    {
        for (var i = 0; i < 5; i++) await host.RegisterAsync();
        var client = host.As(Roles.Agency);
        var all = await client.GetFromJsonAsync<ListOrganisations.Item[]>("/api/identity/organisations", IdentityHost.Json);
        var paged = new List<ListOrganisations.Item>();
        for (var after = ""; ;)
        {
            var page = (await client.GetFromJsonAsync<ListOrganisations.Item[]>($"/api/identity/organisations?limit=3{after}", IdentityHost.Json))!;
            if (page.Length == 0) break;
            paged.AddRange(page);
            after = $"&after={page[^1].Id}";
        }
        Assert.Equal(all!, paged);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync("/api/identity/organisations")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/identity/organisations?limit=100000")).StatusCode);
    }

    [Fact]
    public async Task I_am_who_I_am_and_a_stranger_is_not_found()
    {
        var (request, registered) = await host.RegisterAsync();
        var me = await host.As(Roles.Bidder, registered.OrganisationId, registered.PersonId).GetFromJsonAsync<JsonElement>("/api/identity/me");
        Assert.Equal((registered.PersonId, request.Name), (me.GetProperty("id").GetGuid(), me.GetProperty("organisationName").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await host.As(Roles.Bidder).GetAsync("/api/identity/me")).StatusCode);
    }
}
