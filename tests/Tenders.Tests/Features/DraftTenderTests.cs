using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class DraftTenderTests(TendersHost host) : IClassFixture<TendersHost>
{
    private const string Drafts = "/api/tenders/drafts";

    [Fact]
    public async Task A_draft_gets_a_number_of_its_year_and_keeps_what_was_written()
    {
        var cast = await host.CastAsync();
        var (one, other) = (await cast.DraftAsync(), await cast.DraftAsync());
        Assert.Matches("^T-2026-[0-9]{6}$", one.Number);
        Assert.NotEqual(one.Number, other.Number);
        var page = await cast.Agency.GetFromJsonAsync<JsonElement>(one.Path());
        Assert.Equal(("draft", "City Agency", "Water Works", "works", "CNY"), (page.GetProperty("stage").GetString(), page.GetProperty("agencyName").GetString(),
            page.GetProperty("tendererName").GetString(), page.GetProperty("category").GetString(), page.GetProperty("currency").GetString()));
        var lot = page.GetProperty("lots")[0];
        Assert.Equal((987_654_32, 15_000_00, 3), (lot.GetProperty("estimatedPrice").GetInt64(), lot.GetProperty("deposit").GetInt64(), lot.GetProperty("minimumBidders").GetInt32()));
        Assert.Equal(["City Agency", "Trading Centre", "Water Authority"], page.GetProperty("custodians").EnumerateArray().Select(c => c.GetProperty("organisationName").GetString()!));
        Assert.Equal([1, 2, 3], page.GetProperty("custodians").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Numbers_are_given_once_even_to_those_who_draft_at_once()
    {
        var cast = await host.CastAsync();
        var drafts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cast.DraftAsync()));
        Assert.Equal(8, drafts.Select(d => d.Number).Distinct().Count());
    }

    [Fact]
    public async Task The_same_key_drafts_once()
    {
        var cast = await host.CastAsync();
        var (request, key) = (cast.DraftRequest(), Guid.NewGuid().ToString());
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cast.Agency.PostAsync(Drafts, request, key)));
        var drafts = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<DraftTender.Response>()));
        Assert.Single(drafts.Select(d => d!.TenderId).Distinct());
        Assert.Equal("idempotency-key-reused", await (await cast.Agency.PostAsync(Drafts, request with { Title = "Another" }, key)).CodeAsync());
    }

    [Fact]
    public async Task A_registered_tenderer_is_named_as_the_register_does()
    {
        var cast = await host.CastAsync();
        var code = "91330106MA2CFLDG4R";
        var id = await host.OrganisationAsync("Registered Water Works", "tenderer", code);
        foreach (var request in new[] { cast.DraftRequest() with { TendererId = null, TendererCode = code }, cast.DraftRequest() with { TendererId = id, TendererName = "A nickname" } })
        {
            var page = await cast.Agency.GetFromJsonAsync<JsonElement>((await cast.DraftAsync(request)).Path());
            Assert.Equal((id, "Registered Water Works"), (page.GetProperty("tendererId").GetGuid(), page.GetProperty("tendererName").GetString()));
        }
        var stranger = await cast.Agency.GetFromJsonAsync<JsonElement>((await cast.DraftAsync(cast.DraftRequest() with { TendererId = null, TendererName = "Village Council" })).Path());
        Assert.Equal((JsonValueKind.Null, "Village Council"), (stranger.GetProperty("tendererId").ValueKind, stranger.GetProperty("tendererName").GetString()));
    }

    [Fact]
    public async Task Contradictions_are_named_by_field()
    {
        var cast = await host.CastAsync();
        var (good, lot) = (cast.DraftRequest(), cast.LotRequest());
        var wrong = new Dictionary<string, DraftTender.Request[]>
        {
            ["ruleSet"] = [good with { RuleSet = "cn-nowhere" }],
            ["custodianOrganisations"] = [good with { CustodianOrganisations = [cast.AgencyId, cast.CentreId, Guid.NewGuid()] }, good with { CustodianOrganisations = [cast.AgencyId, cast.AgencyId] },
                good with { CustodianOrganisations = [cast.AgencyId] }],
            ["threshold"] = [good with { Threshold = 4 }, good with { Threshold = 1 }],
            ["tendererId"] = [good with { TendererId = Guid.NewGuid() }],
            ["lots"] = [good with { Lots = [] }, good with { Lots = [lot, lot] }, good with { Lots = [.. Enumerable.Range(1, 51).Select(cast.LotRequest)] }],
            ["lots[0].minimumPrice"] = [good with { Lots = [lot with { MinimumPrice = lot.CeilingPrice + 1 }] }, good with { Lots = [lot with { MinimumPrice = 0 }] }],
            ["lots[0].bidDeadline"] = [good with { Lots = [lot with { BidDeadline = host.Clock.GetUtcNow() }] }],
            ["lots[0].openingAt"] = [good with { Lots = [lot with { OpeningAt = lot.BidDeadline.AddSeconds(-1) }] }],
            ["lots[0].ceilingPrice"] = [good with { Lots = [lot with { CeilingPrice = 0 }] }, good with { Lots = [lot with { CeilingPrice = long.MaxValue }] }],
            ["lots[0].estimatedPrice"] = [good with { Lots = [lot with { EstimatedPrice = 0 }] }],
            ["lots[0].deposit"] = [good with { Lots = [lot with { Deposit = -1 }] }],
            ["lots[0].coefficients"] = [.. new DraftTender.DraftCoefficient[][]
            {
                [new("K", ["0.95"])], [new("K", ["0.95", "0.95"])], [new("K", ["0.95", "about one"])], [new("K", ["1", "2"]), new("K", ["3", "4"])], [.. Enumerable.Range(1, 9).Select(i => new DraftTender.DraftCoefficient($"K{i}", ["1", "2"]))],
            }.Select(c => good with { Lots = [lot with { Coefficients = c }] })],
            ["lots[0].title"] = [good with { Lots = [lot with { Title = new string('x', 201) }] }],
            ["documents[0].sha256"] = [good with { Documents = [new("tender.pdf", "no hash", 1)] }],
            ["title"] = [good with { Title = "" }, good with { Title = new string('x', 201) }],
        };
        foreach (var (field, requests) in wrong)
            foreach (var request in requests)
            {
                var answer = await cast.Agency.PostAsync(Drafts, request);
                var body = await answer.Content.ReadAsStringAsync();
                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest && JsonNode.Parse(body)!["errors"]!.AsObject().Any(e => string.Equals(e.Key, field, StringComparison.OrdinalIgnoreCase)), $"{field}: {body}");
                Assert.Equal("malformed", JsonNode.Parse(body)!["code"]!.GetValue<string>());
            }
    }

    [Fact]
    public async Task Random_coefficients_are_for_the_rule_sets_that_provide_for_them()
    {
        var cast = await host.CastAsync();
        var asked = cast.DraftRequest() with { Lots = [cast.LotRequest() with { Coefficients = [new("K", ["0.95", "0.96"])] }] };
        var page = await cast.Agency.GetFromJsonAsync<JsonElement>((await cast.DraftAsync(asked)).Path());
        Assert.Equal("""[{"name":"K","values":["0.95","0.96"]}]""", page.GetProperty("lots")[0].GetProperty("coefficients").GetRawText());
        var published = await cast.PublishedAsync(asked);
        var told = (await host.PublishedAsync<TenderPublished, TendersDb>()).Single(e => e.TenderId == published.TenderId);
        Assert.Equal(["0.95", "0.96"], Assert.Single(told.Lots[0].Coefficients!).Values);
        Assert.Equal(new Refusal("price-formula", "B11", "87号55"), await Refusal.OfAsync(cast.Agency.PostAsync(Drafts, asked with { RuleSet = "cn-procurement" })));
        Assert.Equal("random-coefficient", (await Refusal.OfAsync(cast.Agency.PostAsync(Drafts, asked with { RuleSet = "jp-municipal" }))).Code);
    }

    [Theory]
    [InlineData("works", true)]
    [InlineData("7", false)]
    [InlineData("weapons", false)]
    public async Task A_category_is_one_of_three(string category, bool known)
    {
        var cast = await host.CastAsync();
        var body = JsonSerializer.SerializeToNode(cast.DraftRequest(), Outbox.Json)!;
        body["category"] = int.TryParse(category, out var number) ? number : category;
        Assert.Equal(known ? HttpStatusCode.Created : HttpStatusCode.BadRequest, (await cast.Agency.PostAsync(Drafts, body)).StatusCode);
    }

    [Fact]
    public async Task An_agency_that_is_not_known_yet_is_asked_to_repeat()
    {
        var cast = await host.CastAsync();
        Assert.Equal(new Refusal("organisation-unknown"), await Refusal.OfAsync(host.As(Roles.Agency).PostAsync(Drafts, cast.DraftRequest())));
    }

    [Fact]
    public async Task Garbage_on_any_route_is_malformed_and_never_a_fault()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        string[] routes = [Drafts, tender.Path("custodian-keys"), tender.Path("reviews"), tender.LotPath("award"), tender.LotPath("contract")];
        object[] bodies = [new { }, new { title = 1, lots = "many", step = "one", bidId = "none", publicKey = 5, contractHash = Array.Empty<int>() }, Array.Empty<int>(), new { lots = new object?[] { null }, documents = new object?[] { null } }];
        foreach (var route in routes)
            foreach (var body in bodies)
            {
                var answer = await (route.EndsWith("reviews", StringComparison.Ordinal) ? cast.Authority : cast.Agency).PostAsync(route, body);
                var fits = answer.StatusCode == HttpStatusCode.BadRequest || (answer.StatusCode == HttpStatusCode.Conflict && route.EndsWith("award", StringComparison.Ordinal));
                Assert.True(fits, $"{route}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
    }

    [Fact]
    public async Task Drafts_are_listed_to_those_whom_they_concern()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.DraftAsync();
        var bystander = host.As(Roles.Supervisor);
        Assert.True(await ListsAsync(cast.Agency, tender));
        Assert.True(await ListsAsync(cast.Centre, tender));
        Assert.False(await ListsAsync(others.Agency, tender));
        Assert.False(await ListsAsync(others.Centre, tender));
        Assert.False(await ListsAsync(bystander, tender));
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        Assert.True(await ListsAsync(bystander, tender));
        Assert.False(await ListsAsync(others.Centre, tender));
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Bidder).GetAsync(Drafts)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(Drafts)).StatusCode);
    }

    [Fact]
    public async Task A_long_list_of_drafts_is_paged()
    {
        var cast = await host.CastAsync();
        var drafted = new List<Guid>();
        for (var i = 0; i < 5; i++) drafted.Add((await cast.DraftAsync()).TenderId);
        var first = await cast.Agency.GetFromJsonAsync<JsonElement[]>($"{Drafts}?limit=3");
        var rest = await cast.Agency.GetFromJsonAsync<JsonElement[]>($"{Drafts}?limit=3&before={first![2].GetProperty("tenderId").GetGuid()}");
        Assert.Equal(drafted.AsEnumerable().Reverse(), first.Concat(rest!).Select(d => d.GetProperty("tenderId").GetGuid()));
        Assert.Equal(HttpStatusCode.BadRequest, (await cast.Agency.GetAsync($"{Drafts}?limit=101")).StatusCode);
    }

    private static async Task<bool> ListsAsync(HttpClient client, Case tender) =>
        (await client.GetFromJsonAsync<JsonElement[]>(Drafts))!.Any(d => d.GetProperty("tenderId").GetGuid() == tender.TenderId);
}
