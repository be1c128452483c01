using System.Net;
using System.Net.Http.Json;
using Tendering.Contracts;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public class SearchEventsTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    private async Task<SearchEvents.Page> AskAsync(string query) => (await host.Supervisor.GetFromJsonAsync<SearchEvents.Page>($"/api/supervision/events?{query}"))!;

    private async Task<string> FilledAsync(params string[] opinions)
    {
        var source = host.NewSource();
        await host.SendAsync(opinions.Select((o, i) => Event(source, i + 1, opinion: o)));
        await host.RecordedAsync(source, opinions.Length);
        await ServiceFixture.EventuallyAsync(async () => await host.ScalarAsync<long>($"select count(*) from search where source = '{source}'") == opinions.Length, "the index");
        return source;
    }

    [Theory]
    [InlineData("桥梁", 0, 2)]
    [InlineData("长江大桥", 0)]
    [InlineData("桥", 0, 2)]
    [InlineData("梁桥")]
    [InlineData("大桥桥梁", 0)]
    [InlineData("桥梁 检测", 2)]
    [InlineData("Bridge", 1, 3)]
    [InlineData("bridge north", 1)]
    [InlineData("bridg")]
    [InlineData("GB/T 50326", 3)]
    [InlineData("ＢＲＩＤＧＥ", 1, 3)]
    public async Task Words_and_runs_of_characters_are_found_as_they_stand(string q, params int[] expected)
    {
        var source = await FilledAsync("长江大桥桥梁工程", "The North bridge.", "桥梁的检测报告", "Bridge by GB/T 50326-2017");
        var page = await AskAsync($"source={source}&q={Uri.EscapeDataString(q)}");
        Assert.Equal(expected.Select(i => (long)i + 1).OrderDescending(), page.Items.Select(i => i.Sequence));
        Assert.Null(page.Before);
    }

    [Fact]
    public async Task Tender_person_organisation_type_and_time_narrow_together()
    {
        var (source, tender, person, organisation) = (host.NewSource(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await host.SendAsync(
            Event(source, 1, tender), Event(source, 2, tender) with { PersonId = person }, Event(source, 3) with { OrganisationId = organisation, OccurredAt = host.Clock.GetUtcNow().AddDays(9) },
            Event(source, 4, opinion: organisation.ToString()), Event(source, 5) with { Type = "elsewhere.thing-happened" });
        await host.RecordedAsync(source, 5);
        await ServiceFixture.EventuallyAsync(async () => await host.ScalarAsync<long>($"select count(*) from search where source = '{source}'") == 5, "the index");
        async Task<long[]> Of(string query) => [.. (await AskAsync($"source={source}&{query}")).Items.Select(i => i.Sequence)];
        Assert.Equal((long[])[2, 1], await Of($"tender={tender}"));
        Assert.Equal((long[])[2], await Of($"person={person}"));
        Assert.Equal((long[])[4, 3], await Of($"organisation={organisation}"));
        Assert.Equal((long[])[5], await Of("type=elsewhere.thing-happened"));
        Assert.Equal((long[])[3], await Of($"from={Uri.EscapeDataString(host.Clock.GetUtcNow().AddDays(8).ToString("O"))}"));
        Assert.Empty(await Of($"tender={tender}&organisation={organisation}"));
    }

    [Fact]
    public async Task Pages_go_by_index_and_lose_nothing()
    {
        var source = await FilledAsync([.. Enumerable.Range(0, 25).Select(i => i % 2 == 0 ? "paged" : "other")]);
        var seen = new List<long>();
        long? before = null;
        do
        {
            var page = await AskAsync($"source={source}&q=paged&limit=4{(before is { } b ? $"&before={b}" : "")}");
            seen.AddRange(page.Items.Select(i => i.Sequence));
            before = page.Before;
        }
        while (before is not null);
        Assert.Equal(Enumerable.Range(1, 25).Where(n => n % 2 == 1).Select(n => (long)n).OrderDescending(), seen);
    }

    [Fact]
    public async Task Only_supervisors_search()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync("/api/supervision/events")).StatusCode);
        foreach (var role in Roles.All.Except([Roles.Supervisor])) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync("/api/supervision/events")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Supervisor.GetAsync("/api/supervision/events?before=0")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Supervisor.GetAsync("/api/supervision/events?q=" + new string('x', 201))).StatusCode);
    }
}
