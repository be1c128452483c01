using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Tenders.Data;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class AwardTests(TendersHost host) : IClassFixture<TendersHost>
{
    [Fact]
    public async Task Each_step_waits_for_the_one_before_it()
    {
        var cast = await host.CastAsync();
        var (first, second) = (Case.Candidate(1), Case.Candidate(2));
        var fresh = await cast.PublishedAsync();
        Assert.Equal(new Refusal("publicity-start", "A24", "条54"), await Refusal.OfAsync(cast.Agency.PostAsync(fresh.LotPath("candidates"), new { })));

        var tender = await cast.EvaluatedAsync(first, second);
        var award = new DecideAward.Request(first.BidId, "lowest");
        Assert.Equal(new Refusal("publicity-length", "A24d", "条54"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award"), award)));
        var candidates = await ReadAsync<PublishCandidates.Response>(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }));
        Assert.Equal(new Refusal("publicity-length", "A24d", "条54"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award"), award)));
        host.Clock.MoveTo(candidates.PublicityEndsAt);
        Assert.Equal(new Refusal("award-first", "A26", "条55"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award"), award with { BidId = second.BidId })));
        Assert.Equal(new Refusal("not-a-candidate"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award"), award with { BidId = Guid.NewGuid() })));
        Assert.Equal(new Refusal("award-first", "A26", "条55"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award-notice"), new { })));
        await Cast.OkAsync(cast.Agency.PostAsync(tender.LotPath("award"), award));
        Assert.Equal(new Refusal("contract-within", "A27", "法46"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("contract"), new SignContract.Request(TendersHost.Hash))));
    }

    [Fact]
    public async Task Between_equals_the_buyer_chooses_and_says_why()
    {
        var cast = await host.CastAsync();
        var (one, other) = (Case.Candidate(1), Case.Candidate(1));
        var tender = await cast.EvaluatedAsync(one, other);
        host.Clock.MoveTo((await ReadAsync<PublishCandidates.Response>(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }))).PublicityEndsAt);
        Assert.Equal(new Refusal("price-tie", "A26", "条55"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("award"), new DecideAward.Request(other.BidId, " "))));
        var award = await ReadAsync<DecideAward.Response>(cast.Agency.PostAsync(tender.LotPath("award"), new DecideAward.Request(other.BidId, "builds faster")));
        Assert.Equal((other, "builds faster"), (award.Winner, award.Reason));
    }

    [Fact]
    public async Task Late_candidates_and_a_late_contract_go_through_with_a_word_on_it()
    {
        var cast = await host.CastAsync();
        var tender = await cast.EvaluatedAsync(Case.Candidate(1));
        host.Clock.Advance(TimeSpan.FromDays(5));
        var candidates = await ReadAsync<PublishCandidates.Response>(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }));
        Assert.Equal(("publicity-start", "A24", "条54"), (candidates.Warning!.Code, candidates.Warning.Rule, candidates.Warning.Article));
        host.Clock.MoveTo(candidates.PublicityEndsAt);
        await Cast.OkAsync(cast.Agency.PostAsync(tender.LotPath("award"), new DecideAward.Request(candidates.Candidates[0].BidId, null)));
        host.Clock.MoveTo((await ReadAsync<IssueAwardNotice.Response>(cast.Agency.PostAsync(tender.LotPath("award-notice"), new { }))).ContractDueBy);
        Assert.True((await ReadAsync<SignContract.Response>(cast.Agency.PostAsync(tender.LotPath("contract"), new SignContract.Request(TendersHost.Hash)))).Late);
        var id = (await host.Public().GetFromJsonAsync<JsonElement[]>($"/api/tenders/notices?tenderId={tender.TenderId}"))!.First(n => n.GetProperty("kind").GetString() == "contract").GetProperty("id").GetGuid();
        Assert.True((await host.Public().GetFromJsonAsync<JsonElement>($"/api/tenders/notices/{id}")).GetProperty("content").GetProperty("late").GetBoolean());
    }

    [Fact]
    public async Task A_repeat_decides_once()
    {
        var cast = await host.CastAsync();
        var tender = await cast.EvaluatedAsync(Case.Candidate(1));
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cast.Agency.PostAsync(tender.LotPath("candidates"), new { }, key)));
        var notices = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<PublishCandidates.Response>()));
        Assert.Single(notices.Select(n => n!.NoticeId).Distinct());
        Assert.Single(await host.PublishedAsync<CandidatesPublished, TendersDb>(), e => e.LotId == tender.LotId);
        Assert.Equal(new Refusal("wrong-stage"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("candidates"), new { })));
        Assert.Equal(HttpStatusCode.BadRequest, (await cast.Agency.PostAsync(tender.LotPath("candidates"), new { }, new string('k', 101))).StatusCode);
    }

    [Fact]
    public async Task Nobody_but_the_own_agency_decides()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.EvaluatedAsync(Case.Candidate(1));
        foreach (var (action, body) in new (string, object)[] { ("candidates", new { }), ("award", new { bidId = Guid.NewGuid() }), ("award-notice", new { }), ("contract", new { contractHash = TendersHost.Hash }) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await others.Agency.PostAsync(tender.LotPath(action), body)).StatusCode);
            foreach (var role in Roles.All.Where(r => r != Roles.Agency))
                Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role, cast.AgencyId).PostAsync(tender.LotPath(action), body)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().PostAsync(tender.LotPath(action), body)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await cast.Agency.PostAsync(tender.Path($"lots/{Guid.NewGuid()}/{action}"), body)).StatusCode);
        }
    }

    private static async Task<T> ReadAsync<T>(Task<HttpResponseMessage> call) => (await (await Cast.OkAsync(call)).Content.ReadFromJsonAsync<T>())!;
}
