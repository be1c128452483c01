using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class PublishTenderTests(TendersHost host) : IClassFixture<TendersHost>
{
    [Theory]
    [InlineData("cn-tendering", "CNY", 3)]
    [InlineData("cn-procurement", "CNY", 3)]
    [InlineData("jp-municipal", "JPY", 1)]
    public async Task A_published_tender_is_told_with_all_that_others_need_under_each_rule_set(string ruleSet, string currency, int minimumBidders)
    {
        var cast = await host.CastAsync();
        long? minimum = ruleSet == "jp-municipal" ? 700_000_00 : null;
        var tender = await cast.PublishedAsync(cast.DraftRequest() with { RuleSet = ruleSet, Lots = [cast.LotRequest(2), cast.LotRequest(1) with { MinimumPrice = minimum }] });
        var told = (await host.PublishedAsync<TenderPublished, TendersDb>()).Single(e => e.TenderId == tender.TenderId);
        Assert.Equal((tender.Number, ruleSet, currency, 2, cast.TendererId, host.Clock.GetUtcNow()), (told.Number, told.RuleSet, told.Currency, told.Threshold, told.TendererId, told.PublishedAt));
        Assert.Equal([(1, cast.AgencyId), (2, cast.CentreId), (3, cast.AuthorityId)], told.Custodians.Select(c => (c.Index, c.OrganisationId)));
        Assert.All(told.Custodians, c => Assert.True(CustodianKey.IsPublicKey(c.PublicKey)));
        Assert.Equal([1, 2], told.Lots.Select(l => l.Number));
        Assert.All(told.Lots, l => Assert.Equal(minimumBidders, l.MinimumBidders));
        Assert.Equal(minimum, told.Lots[0].MinimumPrice);
        var documents = """[{"length":1234,"name":"tender.pdf","sha256":"HASH"}]""".Replace("HASH", TendersHost.Hash, StringComparison.Ordinal);
        Assert.Equal(HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(documents)), told.DocumentsHash);
    }

    [Fact]
    public async Task What_the_rules_forbid_is_refused_with_rule_and_article_and_leaves_no_trace()
    {
        var cast = await host.CastAsync();
        var lot = cast.LotRequest();
        var cases = new (DraftTender.DraftLot Lot, Refusal Refusal)[]
        {
            (lot with { BidDeadline = host.Clock.GetUtcNow().AddDays(15), OpeningAt = host.Clock.GetUtcNow().AddDays(15) }, new("tender-period", "A1", "法24")),
            (lot with { Deposit = 987_654_32 / 50 + 1 }, new("deposit-share-max", "A7", "条26")),
            (lot with { CeilingPrice = 100_000_000_00, EstimatedPrice = null, Deposit = 800_000_01 }, new("deposit-cap", "A8", "30号令37;27号令27")),
            (lot with { MinimumPrice = 1 }, new("floor-price", "A32", "条27;条50")),
            (lot with { OpeningAt = lot.BidDeadline.AddHours(1) }, new("opening-at-deadline", "A17", "法34;条44")),
            (lot with { CommitteeSize = 6 }, new("committee-size", "A18", "法37")),
            (lot with { EvaluationMethod = "by-lot" }, new("evaluation-method")),
        };
        foreach (var (spoiled, refusal) in cases)
        {
            var tender = await cast.ApprovedAsync(cast.DraftRequest() with { Lots = [spoiled] });
            Assert.Equal(refusal, await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("publication"), new { })));
            Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync(tender.Path())).StatusCode);
            Assert.DoesNotContain(await host.PublishedAsync<TenderPublished, TendersDb>(), e => e.TenderId == tender.TenderId);
        }
    }

    [Fact]
    public async Task What_the_documents_say_of_letters_and_exemptions_goes_out_with_the_notice()
    {
        var terms = new DraftTender.DraftDepositTerms(90, ["bank", "insurer"], [new("small-enterprise", "小微企业免交")]);
        var cast = await host.CastAsync();
        foreach (var bad in new[] { terms with { LetterKinds = ["friend"] }, terms with { BidValidityDays = 0 }, terms with { Exemptions = [new("Small!", "x")] }, terms with { Exemptions = [.. terms.Exemptions, .. terms.Exemptions] } })
            Assert.Equal(HttpStatusCode.BadRequest, (await cast.Agency.PostAsync("/api/tenders/drafts", cast.DraftRequest() with { DepositTerms = bad })).StatusCode);
        var tender = await cast.PublishedAsync(cast.DraftRequest() with { DepositTerms = terms });
        var published = Assert.Single(await host.PublishedAsync<TenderPublished, TendersDb>(), e => e.TenderId == tender.TenderId).DepositTerms!;
        Assert.Equal((90, "bank insurer", "small-enterprise", "小微企业免交"), (published.BidValidityDays, string.Join(' ', published.LetterKinds), published.Exemptions.Single().Ground, published.Exemptions.Single().Text));
        Assert.Contains("\"bidValidityDays\":90", await host.Public().GetStringAsync($"/api/tenders/{tender.TenderId}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_custodians_keys_there_is_no_notice()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        await Cast.OkAsync(cast.Authority.PostAsync(tender.Path("reviews"), new ReviewTender.Request(1, true, "complete")));
        await Cast.OkAsync(cast.Office.PostAsync(tender.Path("reviews"), new ReviewTender.Request(2, true, "complete")));
        Assert.Equal(new Refusal("custodian-key-missing"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("publication"), new { })));
    }

    [Fact]
    public async Task A_repeat_gives_the_same_notice_and_another_attempt_is_refused()
    {
        var cast = await host.CastAsync();
        var tender = await cast.ApprovedAsync();
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cast.Agency.PostAsync(tender.Path("publication"), new { }, key)));
        var notices = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<PublishTender.Response>()));
        Assert.Single(notices.Select(n => n!.NoticeId).Distinct());
        Assert.Equal(new Refusal("wrong-stage"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("publication"), new { })));
        Assert.Equal(new Refusal("custodian-keys-fixed"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("custodian-keys"), new RegisterCustodianKey.Request(new string('A', 87)))));
        Assert.Single(await host.PublishedAsync<TenderPublished, TendersDb>(), e => e.TenderId == tender.TenderId);
    }

    [Fact]
    public async Task Attempts_at_the_same_moment_publish_once()
    {
        var cast = await host.CastAsync();
        var tender = await cast.ApprovedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cast.Agency.PostAsync(tender.Path("publication"), new { })));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Single(await host.PublishedAsync<TenderPublished, TendersDb>(), e => e.TenderId == tender.TenderId);
    }

    [Fact]
    public async Task Nobody_but_the_own_agency_publishes_it()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.ApprovedAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await others.Agency.PostAsync(tender.Path("publication"), new { })).StatusCode);
        foreach (var role in Roles.All.Where(r => r != Roles.Agency))
            foreach (var path in new[] { "/api/tenders/drafts", tender.Path("review-requests"), tender.Path("publication") })
                Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, cast.AgencyId).PostAsync(path, cast.DraftRequest())).StatusCode);
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("publication"), new { }));
        Assert.Equal(HttpStatusCode.Forbidden, (await others.Agency.PostAsync(tender.Path("publication"), new { })).StatusCode);
    }

    [Fact]
    public async Task A_notice_can_be_checked_by_its_hash_and_cannot_be_changed()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        var item = (await host.Public().GetFromJsonAsync<JsonElement[]>($"/api/tenders/notices?tenderId={tender.TenderId}"))!.Single();
        var notice = await host.Public().GetFromJsonAsync<JsonElement>($"/api/tenders/notices/{item.GetProperty("id").GetGuid()}");
        var content = CanonicalJson.Canonicalize(System.Text.Encoding.UTF8.GetBytes(notice.GetProperty("content").GetRawText()));
        Assert.Equal(notice.GetProperty("sha256").GetString(), HexText.Sha256(content));
        Assert.Equal(("tender", tender.Number), (notice.GetProperty("kind").GetString(), notice.GetProperty("content").GetProperty("number").GetString()));
        foreach (var sql in new[] { "update notice set content = ''", "delete from notice", "truncate notice", "update review set approved = true", "delete from review", "delete from tender" })
            await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.InDbAsync<TendersDb, int>(db => Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(db.Database, sql)));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Public().GetAsync($"/api/tenders/notices/{Guid.NewGuid()}")).StatusCode);
    }

    [Fact]
    public async Task The_list_of_notices_is_paged_newest_first()
    {
        var cast = await host.CastAsync();
        for (var i = 0; i < 3; i++) await cast.PublishedAsync();
        var first = await host.Public().GetFromJsonAsync<ListNotices.Item[]>("/api/tenders/notices?limit=2", Json);
        var next = await host.Public().GetFromJsonAsync<ListNotices.Item[]>($"/api/tenders/notices?limit=2&before={first![1].Id}", Json);
        Assert.Equal(2, first.Length);
        Assert.NotEmpty(next!);
        var ids = first.Concat(next!).Select(n => n.Id.ToString()).ToList();
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), ids);
        Assert.All(first, n => Assert.Equal(NoticeKind.Tender, n.Kind));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Public().GetAsync("/api/tenders/notices?limit=0")).StatusCode);
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };
}
