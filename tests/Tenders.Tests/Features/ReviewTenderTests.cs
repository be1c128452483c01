using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Data;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests.Features;

public class ReviewTenderTests(TendersHost host) : IClassFixture<TendersHost>
{
    private static readonly Refusal DualReview = new("dual-review", "AX2", "local rule");
    private static ReviewTender.Request Yes(int step) => new(step, true, "complete");

    [Fact]
    public async Task Two_authorities_review_and_both_are_told()
    {
        var cast = await host.CastAsync();
        var tender = await cast.ApprovedAsync();
        Assert.Contains(await host.PublishedAsync<ReviewRequested, TendersDb>(), e => e.TenderId == tender.TenderId && e.AgencyId == cast.AgencyId && e.DocumentsHash.Length == 64);
        var decided = (await host.PublishedAsync<ReviewDecided, TendersDb>()).Where(e => e.TenderId == tender.TenderId).ToList();
        Assert.Equal([(1, cast.AuthorityId, true), (2, cast.OfficeId, true)], decided.Select(e => (e.Step, e.AuthorityId, e.Approved)));
        var reviews = (await cast.Agency.GetFromJsonAsync<JsonElement>(tender.Path())).GetProperty("reviews");
        Assert.Equal([1, 2], reviews.EnumerateArray().Select(r => r.GetProperty("step").GetInt32()));
    }

    [Fact]
    public async Task One_organisation_cannot_give_both_reviews_even_by_two_people()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        await Cast.OkAsync(cast.Authority.PostAsync(tender.Path("reviews"), Yes(1)));
        Assert.Equal(DualReview, await Refusal.OfAsync(host.As(Roles.Supervisor, cast.AuthorityId).PostAsync(tender.Path("reviews"), Yes(2))));
        Assert.Equal(DualReview, await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("publication"), new { })));
    }

    [Fact]
    public async Task The_sides_of_the_tender_do_not_review_it()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        foreach (var side in new[] { cast.AgencyId, cast.TendererId })
            Assert.Equal(DualReview, await Refusal.OfAsync(host.As(Roles.Supervisor, side).PostAsync(tender.Path("reviews"), Yes(1))));
    }

    [Fact]
    public async Task A_tenderer_known_by_its_code_only_does_not_review_its_tender_either()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync(cast.DraftRequest() with { TendererId = null, TendererCode = "91330106MA2CFLDG5P" });
        var late = await host.OrganisationAsync("Water Works", "tenderer", "91330106MA2CFLDG5P");
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        Assert.Equal(DualReview, await Refusal.OfAsync(host.As(Roles.Supervisor, late).PostAsync(tender.Path("reviews"), Yes(1))));
    }

    [Fact]
    public async Task A_rejected_draft_goes_round_again()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        for (var round = 1; round <= 2; round++)
        {
            await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
            await Cast.OkAsync(cast.Authority.PostAsync(tender.Path("reviews"), Yes(1)));
            await Cast.OkAsync(cast.Office.PostAsync(tender.Path("reviews"), Yes(2) with { Approved = round == 2 }));
        }
        Assert.Equal("approved", (await cast.Agency.GetFromJsonAsync<JsonElement>(tender.Path())).GetProperty("stage").GetString());
    }

    [Fact]
    public async Task Only_supervisors_review_and_only_the_own_agency_asks_for_it()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.DraftAsync();
        foreach (var role in new[] { Roles.Agency, Roles.Centre, Roles.Bidder, Roles.Expert, Roles.Finance, Roles.Operator, Roles.Bank })
            Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).PostAsync(tender.Path("reviews"), Yes(1))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await others.Agency.PostAsync(tender.Path("review-requests"), new { })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await cast.Authority.PostAsync($"/api/tenders/{Guid.NewGuid()}/reviews", Yes(1))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await cast.Authority.PostAsync(tender.Path("reviews"), Yes(3))).StatusCode);
    }

    [Fact]
    public async Task Of_two_authorities_that_review_at_once_one_comes_first()
    {
        var cast = await host.CastAsync();
        var tender = await cast.DraftAsync();
        await Cast.OkAsync(cast.Agency.PostAsync(tender.Path("review-requests"), new { }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.As(Roles.Supervisor).PostAsync(tender.Path("reviews"), Yes(1))));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(3, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Only_a_custodian_registers_a_key()
    {
        var (cast, others) = (await host.CastAsync(), await host.CastAsync());
        var tender = await cast.DraftAsync();
        using var key = CustodianKey.Generate();
        var request = new RegisterCustodianKey.Request(key.PublicKey);
        Assert.Equal(HttpStatusCode.NotFound, (await others.Agency.PostAsync(tender.Path("custodian-keys"), request)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await others.Centre.PostAsync(tender.Path("custodian-keys"), request)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await cast.Office.PostAsync(tender.Path("custodian-keys"), request)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.As(Roles.Bidder, cast.CentreId).PostAsync(tender.Path("custodian-keys"), request)).StatusCode);
        Assert.Equal(new Refusal("custodian-key-invalid"), await Refusal.OfAsync(cast.Centre.PostAsync(tender.Path("custodian-keys"), request with { PublicKey = key.PublicKey[..^1] + "_" })));
        await Cast.OkAsync(cast.Centre.PostAsync(tender.Path("custodian-keys"), request));
        Assert.Equal(new Refusal("custodian-key-taken"), await Refusal.OfAsync(cast.Agency.PostAsync(tender.Path("custodian-keys"), request)));
    }
}
