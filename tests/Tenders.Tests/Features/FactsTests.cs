using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class FactsTests(TendersHost host) : IClassFixture<TendersHost>
{
    [Fact]
    public async Task Facts_heard_backwards_and_twice_come_to_the_same()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        var ranking = Case.Candidate(1);
        var evaluated = tender.Evaluated(ranking);
        for (var time = 0; time < 2; time++)
        {
            var id = await host.HearAsync(evaluated, "evaluation");
            await host.HearAsync(evaluated, "evaluation", id);
            await host.HearAsync(tender.Opened(3), "bid-opening");
            await host.HearAsync(tender.Opening(3), "bid-opening");
            await host.HearAsync(tender.List(3), "bidding");
            await host.HearAsync(tender.Closed(), "bidding");
        }
        await ServiceFixture.EventuallyAsync(async () => (await host.LotInDbAsync(tender.TenderId, tender.LotId)).ClosedAt is not null);
        var lot = await host.LotInDbAsync(tender.TenderId, tender.LotId);
        Assert.Equal((Stage.Evaluated, 3, TendersHost.OtherHash), (lot.Stage, lot.BidsAtClosing, lot.ReportHash));
        Assert.Equal([ranking], lot.Ranking!);
        Assert.Equal(0, await ParkedAsync());
        Assert.DoesNotContain(await host.PublishedAsync<LotFailed, TendersDb>(), e => e.LotId == tender.LotId);
    }

    [Fact]
    public async Task With_too_few_bids_the_lot_fails_once_in_public_and_by_name()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        await host.HearAsync(tender.Closed(), "bidding");
        await host.HearAsync(tender.List(2), "bidding");
        await host.HearAsync(tender.List(2), "bidding");
        await host.StageAsync(tender, Stage.Failed);
        await host.HearAsync(tender.Closed(), "bidding");
        var failed = Assert.Single(await host.PublishedAsync<LotFailed, TendersDb>(), e => e.LotId == tender.LotId);
        Assert.Equal(("A15", "法28;条44"), (failed.Rule, failed.Article));
        var page = await host.Public().GetFromJsonAsync<JsonElement>(tender.Path());
        var lot = page.GetProperty("lots")[0];
        Assert.Equal(("failed", "failed", "A15", 2), (page.GetProperty("stage").GetString(), lot.GetProperty("stage").GetString(), lot.GetProperty("failure").GetProperty("rule").GetString(), lot.GetProperty("bids").GetInt32()));
        var notices = await host.Public().GetFromJsonAsync<JsonElement[]>($"/api/tenders/notices?tenderId={tender.TenderId}");
        Assert.Equal(["failure", "tender"], notices!.Select(n => n.GetProperty("kind").GetString()!));
        Assert.Equal(new Refusal("wrong-stage"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.LotPath("candidates"), new { })));
    }

    [Fact]
    public async Task Without_a_candidate_the_lot_fails()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        await host.HearAsync(tender.Evaluated(), "evaluation");
        await host.StageAsync(tender, Stage.Failed);
        await host.HearAsync(tender.Opened(3), "bid-opening");
        await host.HearAsync(tender.List(3), "bidding");
        await ServiceFixture.EventuallyAsync(async () => (await host.LotInDbAsync(tender.TenderId, tender.LotId)).ClosedAt is not null);
        Assert.Equal(("A22", "条51"), (await host.PublishedAsync<LotFailed, TendersDb>()).Where(e => e.LotId == tender.LotId).Select(e => (e.Rule, e.Article)).Single());
        Assert.Equal(Stage.Failed, (await host.LotInDbAsync(tender.TenderId, tender.LotId)).Stage);
    }

    [Fact]
    public async Task A_lot_lives_its_own_life_and_the_tender_waits_for_the_last()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync(cast.DraftRequest() with { Lots = [cast.LotRequest(1), cast.LotRequest(2)] });
        await host.HearAsync(tender.Opening(3), "bid-opening");
        await host.StageAsync(tender, Stage.Opening);
        var page = await host.Public().GetFromJsonAsync<JsonElement>(tender.Path());
        Assert.Equal("published", page.GetProperty("stage").GetString());
        Assert.Equal(["opening", "published"], page.GetProperty("lots").EnumerateArray().Select(l => l.GetProperty("stage").GetString()!));
    }

    private Task<int> ParkedAsync() => host.InDbAsync<TendersDb, int>(async db => (await db.Database.SqlQuery<int>($"select count(*)::int as \"Value\" from parked").ToListAsync()).Single());
}
