using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class WholePathTests(TendersHost host) : IClassFixture<TendersHost>
{
    [Fact]
    public async Task A_tender_goes_from_draft_to_contract_and_each_step_is_told_and_noticed()
    {
        var cast = await host.CastAsync();
        var (first, second) = (Case.Candidate(1), Case.Candidate(2, 950_000_00));
        var tender = await cast.EvaluatedAsync(second, first);

        var candidates = await ReadAsync<PublishCandidates.Response>(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }));
        Assert.Equal([first, second], candidates.Candidates);
        Assert.Null(candidates.Warning);
        host.Clock.MoveTo(candidates.PublicityEndsAt);
        var award = await ReadAsync<DecideAward.Response>(cast.Agency.PostAsync(tender.LotPath("award"), new DecideAward.Request(first.BidId, null)));
        Assert.Equal(first, award.Winner);
        var letter = await ReadAsync<IssueAwardNotice.Response>(cast.Agency.PostAsync(tender.LotPath("award-notice"), new { }));
        Assert.Equal(RuleSet.Get("cn-tendering").EndOf(RuleSet.Get("cn-tendering").Get(RuleKey.ContractWithin), host.Clock.GetUtcNow()), letter.ContractDueBy);
        var contract = await ReadAsync<SignContract.Response>(cast.Agency.PostAsync(tender.LotPath("contract"), new SignContract.Request(TendersHost.Hash)));
        Assert.False(contract.Late);

        var page = await host.Public().GetFromJsonAsync<JsonElement>(tender.Path());
        Assert.Equal(("contracted", "contracted", 3), (page.GetProperty("stage").GetString(), page.GetProperty("lots")[0].GetProperty("stage").GetString(), page.GetProperty("lots")[0].GetProperty("bids").GetInt32()));
        Assert.Equal(["contract", "award", "candidates", "tender"], await NoticesAsync(tender));
        foreach (var listed in (await host.Public().GetFromJsonAsync<JsonElement>($"/api/tenders/notices?tenderId={tender.TenderId}")).EnumerateArray())
        {
            var id = listed.GetProperty("id").GetGuid();
            var sha256 = (await host.Public().GetFromJsonAsync<JsonElement>($"/api/tenders/notices/{id}")).GetProperty("sha256").GetString();
            Assert.Equal(sha256, HexText.Sha256(System.Text.Encoding.UTF8.GetBytes(Assert.Single(await host.DocumentsAsync<TendersDb>("notice", id)))));
        }
        Assert.Contains(await host.PublishedAsync<CandidatesPublished, TendersDb>(), e => e.LotId == tender.LotId && e.PublicityEndsAt == candidates.PublicityEndsAt && e.Candidates.Length == 2);
        Assert.Contains(await host.PublishedAsync<AwardDecided, TendersDb>(), e => e.LotId == tender.LotId && e.Winner == first);
        Assert.Contains(await host.PublishedAsync<AwardNoticeIssued, TendersDb>(), e => e.LotId == tender.LotId && e.BidderId == first.BidderId && e.ContractDueBy == letter.ContractDueBy);
        Assert.Contains(await host.PublishedAsync<ContractSigned, TendersDb>(), e => e.LotId == tender.LotId && e.Price == first.Price && e.ContractHash == TendersHost.Hash);
    }

    private async Task<string[]> NoticesAsync(Case tender) =>
        [.. (await host.Public().GetFromJsonAsync<JsonElement>($"/api/tenders/notices?tenderId={tender.TenderId}")).EnumerateArray().Select(n => n.GetProperty("kind").GetString()!)];

    private static async Task<T> ReadAsync<T>(Task<HttpResponseMessage> call) => (await (await Cast.OkAsync(call)).Content.ReadFromJsonAsync<T>())!;
}
