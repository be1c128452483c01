using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class SecrecyTests(TendersHost host) : IClassFixture<TendersHost>
{
    private const string Estimate = "98765432";

    [Fact]
    public async Task A_draft_is_there_for_its_agency_its_custodians_and_the_supervisors_only()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.DraftAsync();
        foreach (var knows in new[] { cast.Agency, cast.Centre, cast.Authority, cast.Office })
            Assert.Equal(HttpStatusCode.OK, (await knows.GetAsync(tender.Path())).StatusCode);
        HttpClient[] strangers = [host.Public(), others.Agency, others.Centre, .. Roles.All.Where(r => r != Roles.Supervisor).Select(r => host.As(r)),
            host.As(Roles.Bidder, cast.AgencyId), host.As(Roles.Expert, cast.CentreId)];
        foreach (var stranger in strangers)
        {
            var answer = await stranger.GetAsync(tender.Path());
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.DoesNotContain(tender.Number, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_estimate_is_shown_to_the_own_agency_and_told_to_nobody()
    {
        var cast = await host.CastAsync();
        var draft = await cast.DraftAsync();
        foreach (var reader in new[] { cast.Centre, cast.Authority, cast.Office })
            await AssertSilentAsync(reader, draft);
        Assert.Contains(Estimate, await cast.Agency.GetStringAsync(draft.Path()), StringComparison.Ordinal);
        Assert.DoesNotContain(Estimate, await cast.Agency.GetStringAsync("/api/tenders/drafts"), StringComparison.Ordinal);

        var tender = await cast.EvaluatedAsync(Case.Candidate(1));
        await Cast.OkAsync(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }));
        Assert.Contains(Estimate, await cast.Agency.GetStringAsync(tender.Path()), StringComparison.Ordinal);
        foreach (var reader in Roles.All.Select(r => host.As(r)).Append(host.Public()).Append(cast.Centre).Append(cast.Authority)) await AssertSilentAsync(reader, tender);
        foreach (var id in (await host.Public().GetFromJsonAsync<JsonElement[]>($"/api/tenders/notices?tenderId={tender.TenderId}"))!.Select(n => n.GetProperty("id").GetGuid()))
            Assert.DoesNotContain(Estimate, await host.Public().GetStringAsync($"/api/tenders/notices/{id}"), StringComparison.Ordinal);
        var told = await host.InDbAsync<TendersDb, string[]>(db => db.Set<OutboxEvent>().Select(e => e.Payload).ToArrayAsync());
        Assert.DoesNotContain(told, p => p.Contains(Estimate, StringComparison.Ordinal) || p.Contains("estimate", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task How_many_bids_there_are_is_told_to_nobody_before_the_opening()
    {
        var cast = await host.CastAsync();
        var (few, many) = (await cast.PublishedAsync(), await cast.PublishedAsync());
        foreach (var (tender, bids) in new[] { (few, 3), (many, 57) })
        {
            await host.HearAsync(tender.Closed(), "bidding");
            await host.HearAsync(tender.List(bids), "bidding");
            await ServiceFixture.EventuallyAsync(async () => (await host.LotInDbAsync(tender.TenderId, tender.LotId)).BidsAtClosing == bids);
        }
        foreach (var reader in Roles.All.Select(r => host.As(r)).Append(host.Public()).Append(cast.Agency).Append(cast.Centre))
        {
            Assert.Equal(Shape(await reader.GetStringAsync(few.Path()), few), Shape(await reader.GetStringAsync(many.Path()), many));
            Assert.DoesNotContain("Secret Bidder", await reader.GetStringAsync(many.Path()), StringComparison.Ordinal);
        }
        await host.HearAsync(many.Opening(57), "bid-opening");
        await host.StageAsync(many, Stage.Opening);
        Assert.Equal(57, (await host.Public().GetFromJsonAsync<JsonElement>(many.Path())).GetProperty("lots")[0].GetProperty("bids").GetInt32());
    }

    [Fact]
    public async Task The_ranking_is_shown_from_the_publicity_on()
    {
        var cast = await host.CastAsync();
        var candidate = Case.Candidate(1, 123_456_78);
        var tender = await cast.EvaluatedAsync(candidate);
        foreach (var reader in new[] { host.Public(), cast.Agency, cast.Authority })
            Assert.DoesNotContain("12345678", await reader.GetStringAsync(tender.Path()), StringComparison.Ordinal);
        await Cast.OkAsync(cast.Agency.PostAsync(tender.LotPath("candidates"), new { }));
        Assert.Contains("12345678", await host.Public().GetStringAsync(tender.Path()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_bids_is_not_even_stored_here()
    {
        var cast = await host.CastAsync();
        var tender = await cast.PublishedAsync();
        var list = tender.List(4);
        await host.HearAsync(list, "bidding");
        await ServiceFixture.EventuallyAsync(async () => (await host.LotInDbAsync(tender.TenderId, tender.LotId)).BidsAtClosing == 4);
        foreach (var table in new[] { "lot", "tender", "notice", "organisation", "outbox", "inbox", "parked" })
        {
            var everything = $"select coalesce(string_agg(t::text, ' '), '') as \"Value\" from {table} t";
            var rows = await host.InDbAsync<TendersDb, string>(async db => (await db.Database.SqlQueryRaw<string>(everything).ToListAsync()).Single());
            Assert.DoesNotContain("Secret Bidder", rows, StringComparison.Ordinal);
            Assert.All(list.Bids, b => Assert.DoesNotContain(b.BidderId.ToString(), rows, StringComparison.Ordinal));
        }
    }

    private static async Task AssertSilentAsync(HttpClient reader, Case tender)
    {
        var text = await reader.GetStringAsync(tender.Path());
        Assert.DoesNotContain(Estimate, text, StringComparison.Ordinal);
        Assert.DoesNotContain("estimatedPrice", text, StringComparison.OrdinalIgnoreCase);
    }

    // What is left when ids, the number and the keys are taken out must be the same for both tenders.
    private static string Shape(string page, Case tender)
    {
        var text = page.Replace(tender.TenderId.ToString(), "TENDER", StringComparison.Ordinal).Replace(tender.LotId.ToString(), "LOT", StringComparison.Ordinal).Replace(tender.Number, "NUMBER", StringComparison.Ordinal);
        return System.Text.RegularExpressions.Regex.Replace(System.Text.RegularExpressions.Regex.Replace(text, "\"publicKey\":\"[^\"]+\"", "KEY"), "\\d{4}-\\d\\d-\\d\\dT[^\"]+", "TIME");
    }
}
