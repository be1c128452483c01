using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ExpertSelection.Features;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.ExpertSelection.Tests;

public sealed class ExpertSelectionHost() : ServiceFixture(ExpertSelectionService.Name, ExpertSelectionService.Add, ExpertSelectionService.Map)
{
    public const string Root = "/api/expert-selection";

    /// <summary>As a client reads the service's answers.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };
}

/// <summary>An expert as the tests know it.</summary>
public sealed record EnteredExpert(Guid ExpertId, Guid PersonId, string Name, string Employer, string EmployerCode);

/// <summary>One tender with one lot, its parties and its library of experts; each step goes over HTTP or the bus.</summary>
public sealed class Scene(ExpertSelectionHost host)
{
    private static int _codes;

    public Guid Tender { get; } = Guid.CreateVersion7();
    public Guid Lot { get; } = Guid.CreateVersion7();
    public Guid AgencyOrganisation { get; } = Guid.CreateVersion7();
    public Guid TendererOrganisation { get; } = Guid.CreateVersion7();
    public string Specialty { get; } = "specialty-" + Guid.NewGuid().ToString("N");
    public string AgencyCode { get; } = NewCode();
    public string TendererCode { get; } = NewCode();
    public string BidderCode { get; } = NewCode();
    public List<EnteredExpert> Experts { get; } = [];
    public Guid DrawId { get; private set; }

    /// <summary>Each party's bytes, in hexadecimal, of the round under way.</summary>
    public Dictionary<string, string> Bytes { get; } = [];

    public HttpClient Agency => host.As(Roles.Agency, AgencyOrganisation);
    public HttpClient Centre { get; } = host.As(Roles.Centre);
    public HttpClient Supervisor { get; } = host.As(Roles.Supervisor);
    public HttpClient PartyOf(string name) => name switch { Party.Tenderer => Agency, Party.Centre => Centre, _ => Supervisor };

    public static string NewCode() => SocialCreditCode.Complete("91330106" + Interlocked.Increment(ref _codes).ToString("D9", System.Globalization.CultureInfo.InvariantCulture));

    public async Task<EnteredExpert> EnterAsync(string? employerCode = null, string? employer = null, string? specialty = null)
    {
        var (person, code, number) = (Guid.CreateVersion7(), employerCode ?? NewCode(), Experts.Count + 1);
        var request = new EnterExpert.Request(person, $"Expert {number} {Guid.NewGuid():N}", specialty ?? Specialty, employer ?? "Institute " + code, code, "330106", 12, true);
        var answer = await Centre.PostAsync(ExpertSelectionHost.Root + "/experts", request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var entered = new EnteredExpert((await answer.Content.ReadFromJsonAsync<EnterExpert.Response>())!.ExpertId, person, request.Name, request.Employer, code);
        Experts.Add(entered);
        return entered;
    }

    public async Task EnterManyAsync(int count)
    {
        for (var i = 0; i < count; i++) await EnterAsync();
    }

    public TenderPublished Published(int committeeSize) => new(
        Tender, "T-1", "A bridge", "cn-tendering", AgencyOrganisation, "The Agency", TendererOrganisation, "The Tenderer", "CNY", host.Clock.GetUtcNow(), new string('a', 64), 2, [],
        [new PublishedLot(Lot, 1, "Lot 1", 1_000_00, null, 0, host.Clock.GetUtcNow(), host.Clock.GetUtcNow(), 30, "lowest-evaluated-price", Specialty, committeeSize, 3)]);

    public OpeningCompleted Opened() => new(Tender, Lot, new string('b', 64),
        [new OpenedBid(Guid.CreateVersion7(), Guid.CreateVersion7(), "The Bidder", BidderCode, 900_00, null, new string('c', 64), true, host.Clock.GetUtcNow())], host.Clock.GetUtcNow());

    public async Task PublishAsync(int committeeSize = 3)
    {
        await host.HearAsync(new OrganisationRegistered(AgencyOrganisation, AgencyCode, "The Agency", "agency", host.Clock.GetUtcNow()));
        await host.HearAsync(new OrganisationRegistered(TendererOrganisation, TendererCode, "The Tenderer", "tenderer", host.Clock.GetUtcNow()));
        await host.HearAsync(Published(committeeSize));
        await KnownAsync(l => l.Terms is not null);
    }

    public async Task OpenAsync()
    {
        await host.HearAsync(Opened());
        await KnownAsync(l => l.Bidders is not null);
    }

    public async Task DiscloseAsync()
    {
        await host.HearAsync(new CandidatesPublished(Tender, Lot, [], new string('d', 64), host.Clock.GetUtcNow(), host.Clock.GetUtcNow()));
        await KnownAsync(l => l.DisclosedAt is not null);
    }

    public Task KnownAsync(Func<Lot, bool> holds) => ServiceFixture.EventuallyAsync(() =>
        host.InDbAsync<ExpertSelectionDb, bool>(async db => await db.Lots.FindAsync(Lot) is { } lot && holds(lot)), "the lot's facts");

    public async Task<HttpResponseMessage> AskAsync(string? key = null) => await Centre.PostAsync(ExpertSelectionHost.Root + "/draws", new AskForDraw.Request(Lot), key);

    /// <summary>A library, a lot that is open, and its frozen pool.</summary>
    public async Task<AskForDraw.Response> FreezeAsync(int experts = 8, int committeeSize = 3)
    {
        await EnterManyAsync(experts);
        await PublishAsync(committeeSize);
        await OpenAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));           // the VRF key is older than the draw
        var answer = await AskAsync();
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var response = (await answer.Content.ReadFromJsonAsync<AskForDraw.Response>())!;
        DrawId = response.DrawId;
        return response;
    }

    public Task<HttpResponseMessage> CommitAsync(string party, string? commitment = null)
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        if (commitment is null) Bytes[party] = HexText.Encode(bytes);
        return PartyOf(party).PostAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/commitments", new CommitToDraw.Request(commitment ?? ExpertDraw.Commitment(bytes)));
    }

    public Task<HttpResponseMessage> RevealAsync(string party, string? bytes = null) =>
        PartyOf(party).PostAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/reveals", new RevealToDraw.Request(bytes ?? Bytes[party]));

    public async Task CommitAllAsync()
    {
        foreach (var party in Party.All) Assert.Equal(HttpStatusCode.OK, (await CommitAsync(party)).StatusCode);
    }

    public async Task DrawAsync(int experts = 8, int committeeSize = 3)
    {
        await FreezeAsync(experts, committeeSize);
        await CommitAllAsync();
        foreach (var party in Party.All) Assert.Equal(HttpStatusCode.OK, (await RevealAsync(party)).StatusCode);
    }

    /// <summary>The invitations as only the database knows them, in the order of the sequence.</summary>
    public Task<List<Seat>> SeatsAsync() => host.InDbAsync<ExpertSelectionDb, List<Seat>>(async db =>
        await Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.ToListAsync(db.Seats.Where(s => s.DrawId == DrawId).OrderBy(s => s.Position)));

    public HttpClient Of(Guid expert) => host.As(Roles.Expert, person: Experts.Single(e => e.ExpertId == expert).PersonId);

    public Task<HttpResponseMessage> AcceptAsync(Guid expert, string? signingKey = null) =>
        Of(expert).PostAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/acceptance", new AcceptInvitation.Request(signingKey ?? NewSigningKey()));

    public Task<HttpResponseMessage> DeclineAsync(Guid expert, string reason = "a family member works for a bidder") =>
        Of(expert).PostAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/decline", new DeclineInvitation.Request(reason));

    public async Task AcceptAllAsync()
    {
        foreach (var seat in (await SeatsAsync()).Where(s => s.Stage == SeatStage.Invited)) Assert.Equal(HttpStatusCode.NoContent, (await AcceptAsync(seat.ExpertId)).StatusCode);
    }

    public static string NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    public async Task<GetDraw.Response> ViewAsync(HttpClient? client = null) =>
        (await (client ?? host.Public()).GetFromJsonAsync<GetDraw.Response>($"{ExpertSelectionHost.Root}/draws/{DrawId}", ExpertSelectionHost.Json))!;

    public async Task<DrawStage> StageAsync() => (await ViewAsync()).Stage;

    public async Task<DrawRecord> RecordAsync() => CanonicalJson.Deserialize<DrawRecord>(await host.Public().GetByteArrayAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/record"));

    public async Task<PoolEntry[]> PoolAsync() => CanonicalJson.Deserialize<PoolEntry[]>(await host.Public().GetByteArrayAsync($"{ExpertSelectionHost.Root}/draws/{DrawId}/pool"));
}
