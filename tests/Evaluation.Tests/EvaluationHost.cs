using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tendering.Contracts;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.ExpertSelection;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Domain;
using Tendering.Evaluation.Features;
using Tendering.Protocols;
using Tendering.Testing;

namespace Tendering.Evaluation.Tests;

public sealed class EvaluationHost() : ServiceFixture(EvaluationService.Name, EvaluationService.Add, EvaluationService.Map)
{
    public const string Root = "/api/evaluation";

    /// <summary>As a client reads the service's answers.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };
}

/// <summary>A committee member of the tests, with the private key that it signs with.</summary>
public sealed class TestMember
{
    public Guid ExpertId { get; } = Guid.CreateVersion7();
    public Guid PersonId { get; } = Guid.CreateVersion7();
    public string Name { get; } = "Member " + Guid.NewGuid().ToString("N");
    public string Employer { get; } = "Employer " + Guid.NewGuid().ToString("N");
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public CommitteeMember AsCommitteeMember => new(ExpertId, PersonId, Name, Employer, Convert.ToBase64String(Key.ExportSubjectPublicKeyInfo()));

    public string Sign(byte[] report) => Convert.ToBase64String(Key.SignData(report, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
}

/// <summary>One lot with its bids and its committee; facts come over the bus, members act over HTTP.</summary>
public sealed class Scene(EvaluationHost host, int members = 3)
{
    private static int _codes;

    public Guid Tender { get; } = Guid.CreateVersion7();
    public Guid Lot { get; } = Guid.CreateVersion7();
    public string RuleSet { get; init; } = "cn-tendering";
    public string Currency { get; init; } = "CNY";
    public long Ceiling { get; init; } = 1_000_00;
    public long? Minimum { get; init; }
    public long Deposit { get; init; }
    public List<OpenedBid> Bids { get; } = [];
    public TestMember[] Members { get; } = [.. Enumerable.Range(0, members).Select(_ => new TestMember())];
    public string Path => $"{EvaluationHost.Root}/lots/{Lot}";

    public static string NewCode() => SocialCreditCode.Complete("91330106" + Interlocked.Increment(ref _codes).ToString("D9", System.Globalization.CultureInfo.InvariantCulture));

    public OpenedBid Bid(long? price, string? verdict = null)
    {
        var bid = new OpenedBid(Guid.CreateVersion7(), Guid.CreateVersion7(), $"Bidder {Bids.Count + 1}", NewCode(), price, verdict, new string('c', 64), true, host.Clock.GetUtcNow().AddMinutes(Bids.Count));
        Bids.Add(bid);
        return bid;
    }

    public Task PublishAsync() => host.HearAsync(new TenderPublished(
        Tender, "T-1", "A bridge", RuleSet, Guid.NewGuid(), "The Agency", Guid.NewGuid(), "The <Tenderer>", Currency, host.Clock.GetUtcNow(), new string('a', 64), 2, [],
        [new PublishedLot(Lot, 1, "Lot 1", Ceiling, Minimum, Deposit, host.Clock.GetUtcNow(), host.Clock.GetUtcNow(), 30, "lowest-evaluated-price", "bridges", Members.Length, 3)]));

    public Task OpenAsync() => host.HearAsync(new OpeningCompleted(Tender, Lot, new string('b', 64), [.. Bids], host.Clock.GetUtcNow()));
    public Task SeatAsync() => host.HearAsync(new CommitteeReady(Tender, Lot, Guid.CreateVersion7(), [.. Members.Select(m => m.AsCommitteeMember)], host.Clock.GetUtcNow()));
    /// <summary>Bid-opening's word that the bid's archive stays closed.</summary>
    public ArchiveNotOpened Unopened(OpenedBid bid, string verdict = "withdrawn", string cause = "platform", string fact = "ciphertext-missing") =>
        new(Tender, Lot, bid.BidId, bid.BidderId, bid.BidderName, verdict, cause, fact, "A36", "20号令31", host.Clock.GetUtcNow());

    public Task SecureAsync(OpenedBid bid) => host.HearAsync(new DepositSecured(Tender, Lot, bid.BidderId, Deposit, Currency, host.Clock.GetUtcNow()));

    public async Task StartAsync()
    {
        await PublishAsync();
        await OpenAsync();
        await SeatAsync();
        await ReachedAsync(EvaluationStage.Examining);
    }

    public Task ReachedAsync(EvaluationStage stage) => EventuallyAsync(e => e.Stage == stage, $"the stage {stage}");

    public Task EventuallyAsync(Func<LotEvaluation, bool> holds, string what) =>
        ServiceFixture.EventuallyAsync(() => host.InDbAsync<EvaluationDb, bool>(async db => await db.Evaluations.FindAsync(Lot) is { } e && holds(e)), what);

    public Task DiscloseAsync()
    {
        var told = host.HearAsync(new CandidatesPublished(Tender, Lot, [], new string('d', 64), host.Clock.GetUtcNow(), host.Clock.GetUtcNow()));
        return told.ContinueWith(_ => EventuallyAsync(e => e.DisclosedAt is not null, "the disclosure"), TaskScheduler.Default).Unwrap();
    }

    public HttpClient Of(TestMember member) => host.As(Roles.Expert, person: member.PersonId);

    public async Task<GetEvaluation.Response> ViewAsync(TestMember? member = null) => (await Of(member ?? Members[0]).GetFromJsonAsync<GetEvaluation.Response>(Path, EvaluationHost.Json))!;

    /// <summary>The proposal, taken over as it is.</summary>
    public async Task<ConfirmFindings.Item[]> ProposalAsync() =>
        [.. (await ViewAsync()).Bids!.Select(b => new ConfirmFindings.Item(b.BidId, b.Findings.Length == 0, b.Findings.FirstOrDefault()?.Ground))];

    public Task<HttpResponseMessage> ConfirmAsync(TestMember member, ConfirmFindings.Item[] findings, string? fewBidsReason = null, string? key = null) =>
        Of(member).PostAsync($"{Path}/confirmation", new ConfirmFindings.Request(findings, fewBidsReason), key);

    public async Task ConfirmAllAsync(string? fewBidsReason = null)
    {
        var proposal = await ProposalAsync();
        foreach (var member in Members) Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync(member, proposal, fewBidsReason)).StatusCode);
    }

    public async Task<byte[]> ReportBytesAsync(HttpClient? client = null) => await (client ?? Of(Members[0])).GetByteArrayAsync($"{Path}/report");

    public async Task<EvaluationReport> ReportAsync(HttpClient? client = null) => CanonicalJson.Deserialize<EvaluationReport>(await ReportBytesAsync(client));

    public async Task<HttpResponseMessage> SignAsync(TestMember member, string? signature = null) =>
        await Of(member).PostAsync($"{Path}/signatures", new SignReport.Request(signature ?? member.Sign(await ReportBytesAsync())));

    public async Task SignAllAsync()
    {
        foreach (var member in Members) Assert.Equal(HttpStatusCode.OK, (await SignAsync(member)).StatusCode);
    }
}
