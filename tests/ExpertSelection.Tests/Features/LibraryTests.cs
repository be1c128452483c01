using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Features;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.ExpertSelection.Tests.Features;

public class LibraryTests(ExpertSelectionHost host) : IClassFixture<ExpertSelectionHost>
{
    [Fact]
    public async Task The_library_pages_by_id()
    {
        var scene = new Scene(host);
        await scene.EnterManyAsync(5);
        var seen = new List<Guid>();
        for (Guid? last = null; ;)
        {
            var page = (await scene.Centre.GetFromJsonAsync<ListExperts.Item[]>($"{ExpertSelectionHost.Root}/experts?limit=2{(last is { } id ? $"&after={id}" : "")}"))!;
            if (page.Length == 0) break;
            seen.AddRange(page.Select(e => e.ExpertId));
            last = page[^1].ExpertId;
        }
        Assert.Equal(seen.Order().Distinct(), seen);
        Assert.Superset(scene.Experts.Select(e => e.ExpertId).ToHashSet(), seen.ToHashSet());
    }

    [Fact]
    public async Task One_person_is_one_expert()
    {
        var scene = new Scene(host);
        var request = Request(Guid.CreateVersion7());
        Assert.Equal(HttpStatusCode.Created, (await scene.Centre.PostAsync(ExpertSelectionHost.Root + "/experts", request)).StatusCode);
        var again = await scene.Centre.PostAsync(ExpertSelectionHost.Root + "/experts", request);
        Assert.Equal((HttpStatusCode.Conflict, "expert-known"), (again.StatusCode, await again.CodeAsync()));
    }

    [Fact]
    public async Task Nonsense_is_named_by_field()
    {
        var scene = new Scene(host);
        foreach (var (request, field) in new[]
                 {
                     (Request(Guid.CreateVersion7()) with { Name = "" }, "Name"), (Request(Guid.CreateVersion7()) with { YearsInField = -1 }, "YearsInField"),
                     (Request(Guid.CreateVersion7()) with { EmployerCode = "91330106000000001X" }, "employerCode"), (Request(Guid.Empty), "personId"),
                 })
        {
            var answer = await scene.Centre.PostAsync(ExpertSelectionHost.Root + "/experts", request);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains(field, await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task The_key_of_the_draws_is_made_once_and_kept_protected()
    {
        await ServiceFixture.EventuallyAsync(async () => (await host.Public().GetAsync(ExpertSelectionHost.Root + "/vrf-key")).IsSuccessStatusCode);
        var before = await host.Public().GetStringAsync(ExpertSelectionHost.Root + "/vrf-key");
        // As other instances do that start at the same moment.
        var maker = host.Services.GetServices<IHostedService>().OfType<FirstStart<ExpertSelectionDb>>().Single();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => maker.MakeAsync(default)));
        Assert.Equal(before, await host.Public().GetStringAsync(ExpertSelectionHost.Root + "/vrf-key"));
        Assert.Single(await host.PublishedAsync<Contracts.ExpertSelection.VrfKeyPublished, ExpertSelectionDb>());
        var stored = await host.InDbAsync<ExpertSelectionDb, VrfKey>(db => Task.FromResult(db.VrfKeys.Single()));
        Assert.True(stored.PrivateKey.Length > 32);
    }

    private static EnterExpert.Request Request(Guid person) => new(person, "Wang", "bridges", "Institute", Scene.NewCode(), "330106", 10, true);
}
