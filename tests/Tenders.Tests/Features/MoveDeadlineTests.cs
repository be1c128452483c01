using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Tenders;
using Tendering.Tenders.Data;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class MoveDeadlineTests(TendersHost host) : IClassFixture<TendersHost>
{
    [Fact]
    public async Task The_agency_moves_a_deadline_and_everybody_is_told()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        var to = cast.Deadline.AddDays(20);
        var path = tender.Path($"lots/{tender.LotId}/deadline");
        Assert.Equal(HttpStatusCode.Forbidden, (await cast.Centre.PostAsync(path, new { to, reason = "not ours" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await cast.Agency.PostAsync(path, new { to, reason = "" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await cast.Agency.PostAsync(path, new { to, reason = "drawing 7 was changed" })).StatusCode);
        var moved = Assert.Single(await host.PublishedAsync<DeadlineMoved, TendersDb>(), e => e.LotId == tender.LotId);
        Assert.Equal((cast.Deadline, to, to, "clarification", "drawing 7 was changed"), (moved.From, moved.To, moved.OpeningAt, moved.Ground, moved.Reason));
        var page = await host.Public().GetFromJsonAsync<JsonElement>(tender.Path());
        Assert.Equal(to, page.GetProperty("lots")[0].GetProperty("bidDeadline").GetDateTimeOffset());
        Assert.Contains("amendment", await host.Public().GetStringAsync("/api/tenders/notices"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_extension_that_was_approved_moves_it_and_one_that_was_refused_does_not()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        var to = cast.Deadline.AddHours(2);
        await host.HearAsync(new ExtensionDecided(tender.TenderId, tender.LotId, Guid.CreateVersion7(), false, cast.Deadline.AddDays(1), "no", host.Clock.GetUtcNow()), "bidding");
        await host.HearAsync(new ExtensionDecided(tender.TenderId, tender.LotId, Guid.CreateVersion7(), true, to, "the platform was away", host.Clock.GetUtcNow()), "bidding");
        await ServiceFixture.EventuallyAsync(async () => (await host.LotInDbAsync(tender.TenderId, tender.LotId)).BidDeadline == to, "the moved deadline");
        var moved = Assert.Single(await host.PublishedAsync<DeadlineMoved, TendersDb>(), e => e.LotId == tender.LotId);
        Assert.Equal(("outage", to), (moved.Ground, moved.To));
    }
}
