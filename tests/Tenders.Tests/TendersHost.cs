using System.Net;
using System.Net.Http.Json;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;
using Tendering.Tenders.Features;
using Tendering.Testing;

namespace Tendering.Tenders.Tests;

public sealed class TendersHost() : ServiceFixture(TendersService.Name, TendersService.Add, TendersService.Map)
{
    public static readonly string Hash = new('a', 64), OtherHash = new('b', 64);

    public async Task<Guid> OrganisationAsync(string name, string kind, string? code = null)
    {
        var id = Guid.CreateVersion7();
        await HearAsync(new OrganisationRegistered(id, code ?? id.ToString("N")[..18], name, kind, Clock.GetUtcNow()), "identity");
        await EventuallyAsync(() => InDbAsync<TendersDb, bool>(async db => await db.Organisations.FindAsync(id) is not null), "the organisation");
        return id;
    }

    /// <summary>The people around one tender, each of an organisation of its own.</summary>
    public async Task<Cast> CastAsync() => new(this,
        await OrganisationAsync("City Agency", "agency"), await OrganisationAsync("Trading Centre", "centre"), await OrganisationAsync("Water Authority", "authority"),
        await OrganisationAsync("Tendering Office", "authority"), await OrganisationAsync("Water Works", "tenderer"));

    public Task<Lot> LotInDbAsync(Guid tender, Guid lot) => InDbAsync<TendersDb, Lot>(async db => (await db.LockAsync(tender, default))!.LotOf(lot));

    public Task StageAsync(Case c, Stage stage) => EventuallyAsync(async () => (await LotInDbAsync(c.TenderId, c.LotId)).Stage == stage, $"the lot to be {stage}");
}

/// <summary>Who plays in a tender, and what each does over HTTP.</summary>
public sealed record Cast(TendersHost Host, Guid AgencyId, Guid CentreId, Guid AuthorityId, Guid OfficeId, Guid TendererId)
{
    public HttpClient Agency { get; } = Host.As(Roles.Agency, AgencyId);
    public HttpClient Centre { get; } = Host.As(Roles.Centre, CentreId);
    public HttpClient Authority { get; } = Host.As(Roles.Supervisor, AuthorityId);
    public HttpClient Office { get; } = Host.As(Roles.Supervisor, OfficeId);

    public DraftTender.DraftLot LotRequest(int number = 1) => new(
        number, $"Lot {number}", 1_000_000_00, null, 987_654_32, 15_000_00, Deadline, Deadline, 60, "lowest-evaluated-price", "water works", 5);

    public DateTimeOffset Deadline { get; } = new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero).AddDays(30) + (Host.Clock.GetUtcNow() - new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero));

    public DraftTender.Request DraftRequest() => new(
        "A pump station", "cn-tendering", Category.Works, null, "Water Works", TendererId, [new("tender.pdf", TendersHost.Hash, 1234)], 2,
        [AgencyId, CentreId, AuthorityId], [LotRequest()]);

    public async Task<Case> DraftAsync(DraftTender.Request? request = null)
    {
        var answer = await Agency.PostAsync("/api/tenders/drafts", request ?? DraftRequest());
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var draft = (await answer.Content.ReadFromJsonAsync<DraftTender.Response>())!;
        return new Case(this, draft.TenderId, draft.Number, draft.Lots[0].LotId);
    }

    public async Task<Case> ApprovedAsync(DraftTender.Request? request = null)
    {
        var tender = await DraftAsync(request);
        foreach (var custodian in new[] { Agency, Centre, Authority })
        {
            using var key = CustodianKey.Generate();
            await Cast.OkAsync(custodian.PostAsync(tender.Path("custodian-keys"), new RegisterCustodianKey.Request(key.PublicKey)));
        }
        await OkAsync(Agency.PostAsync(tender.Path("review-requests"), new { }));
        await OkAsync(Authority.PostAsync(tender.Path("reviews"), new ReviewTender.Request(1, true, "complete")));
        await OkAsync(Office.PostAsync(tender.Path("reviews"), new ReviewTender.Request(2, true, "complete")));
        return tender;
    }

    public async Task<Case> PublishedAsync(DraftTender.Request? request = null)
    {
        var tender = await ApprovedAsync(request);
        await OkAsync(Agency.PostAsync(tender.Path("publication"), new { }));
        return tender;
    }

    /// <summary>Through closing, opening and evaluation, as the other services tell of them.</summary>
    public async Task<Case> EvaluatedAsync(params Candidate[] ranking)
    {
        var tender = await PublishedAsync();
        await Host.HearAsync(tender.Closed(), "bidding");
        await Host.HearAsync(tender.List(3), "bidding");
        await Host.HearAsync(tender.Opening(3), "bid-opening");
        await Host.HearAsync(tender.Opened(3), "bid-opening");
        await Host.HearAsync(tender.Evaluated(ranking), "evaluation");
        await Host.StageAsync(tender, Stage.Evaluated);
        return tender;
    }

    public static async Task<HttpResponseMessage> OkAsync(Task<HttpResponseMessage> call)
    {
        var answer = await call;
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }
}

/// <summary>One tender of one lot, its paths, and the events that others tell of it.</summary>
public sealed record Case(Cast Cast, Guid TenderId, string Number, Guid LotId)
{
    private DateTimeOffset Now => Cast.Host.Clock.GetUtcNow();

    public string Path(string action = "") => $"/api/tenders/{TenderId}/{action}".TrimEnd('/');
    public string LotPath(string action) => Path($"lots/{LotId}/{action}");

    public BiddingClosed Closed() => new(TenderId, LotId, TendersHost.Hash, Now);
    public OpeningStarted Opening(int bids) => new(TenderId, LotId, bids, TendersHost.Hash, Now, Now.AddHours(1));
    public EvaluationCompleted Evaluated(params Candidate[] ranking) => new(TenderId, LotId, TendersHost.OtherHash, ranking, Now);

    public ClosingListDrawn List(int bids) => new(TenderId, LotId, TendersHost.Hash, [.. Enumerable.Range(0, bids).Select(i => new ClosedBid(
        Guid.CreateVersion7(), Guid.CreateVersion7(), $"Secret Bidder {i}", "91330106MA2CFLDG4R", 1, TendersHost.Hash, "{}", "", "p", "f", "", true, Now))], Now);

    public OpeningCompleted Opened(int bids) => new(TenderId, LotId, TendersHost.OtherHash, [.. Enumerable.Range(0, bids).Select(i => new OpenedBid(
        Guid.CreateVersion7(), Guid.CreateVersion7(), $"Bidder {i}", "91330106MA2CFLDG4R", 100 + i, null, TendersHost.Hash, true, Now))], Now);

    public static Candidate Candidate(int rank, long price = 900_000_00) => new(rank, Guid.CreateVersion7(), Guid.CreateVersion7(), $"Builder of rank {rank}", price, "CNY");
}
