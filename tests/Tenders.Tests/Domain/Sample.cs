using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

/// <summary>A tender of one lot that may be published as it stands; each test spoils what it is about.</summary>
public sealed record Sample
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    public static readonly string Hash = new('a', 64), OtherHash = new('b', 64);
    private static readonly string[] Keys = [.. Enumerable.Range(0, 4).Select(_ => { using var key = CustodianKey.Generate(); return key.PublicKey; })];

    public string RuleSetId { get; init; } = "cn-tendering";
    public Category Category { get; init; } = Category.Works;
    public long CeilingPrice { get; init; } = 1_000_000_00;
    public long? MinimumPrice { get; init; }
    public long? EstimatedPrice { get; init; }
    public long Deposit { get; init; } = 10_000_00;
    public DateTimeOffset Deadline { get; init; } = Start.AddDays(40);
    public DateTimeOffset? OpeningAt { get; init; }
    public string Method { get; init; } = "lowest-evaluated-price";
    public int CommitteeSize { get; init; } = 5;
    public int Threshold { get; init; } = 2;
    public int Lots { get; init; } = 1;
    public Guid AgencyId { get; } = Guid.CreateVersion7();
    public Guid TendererId { get; } = Guid.CreateVersion7();

    public RuleSet Rules => RuleSet.Get(RuleSetId);

    public Tender Draft()
    {
        var tender = new Tender
        {
            Number = "T-2026-000001", Title = "A pump station", RuleSetId = RuleSetId, Category = Category, AgencyId = AgencyId, AgencyName = "City Agency", TendererId = TendererId,
            TendererCode = "91330106MA2CFLDG4R", TendererName = "Water Works", Threshold = Threshold, Documents = [new Document("tender.pdf", Hash, 1234)], CreatedAt = Start,
        };
        tender.Entrust(Enumerable.Range(1, 3).Select(i => new Organisation { Id = Guid.CreateVersion7(), SocialCreditCode = $"code {i}", Name = $"Custodian {i}", Kind = "centre" }));
        for (var i = 1; i <= Lots; i++) tender.Lots.Add(LotOf(tender, i));
        return tender;
    }

    public Tender WithKeys()
    {
        var tender = Draft();
        foreach (var custodian in tender.Custodians) tender.RegisterKey(custodian, Keys[custodian.Index], Start);
        return tender;
    }

    public Tender Approved()
    {
        var tender = WithKeys();
        tender.RequestReview();
        Review(tender, 1, Guid.CreateVersion7());
        Review(tender, 2, Guid.CreateVersion7());
        return tender;
    }

    public Tender Published()
    {
        var tender = Approved();
        tender.Publish(Start);
        return tender;
    }

    public static Review Review(Tender tender, int step, Guid authority, bool approved = true, string? code = null) =>
        tender.Decide(step, authority, code, Guid.CreateVersion7(), approved, "read", Start);

    /// <summary>A published lot whose evaluation gave this ranking.</summary>
    public Lot Evaluated(params Candidate[] ranking)
    {
        var lot = Published().Lots[0];
        lot.NoteEvaluation(OtherHash, ranking, Start, Rules, Start);
        return lot;
    }

    public static Candidate Candidate(int rank, long price = 900_000_00) => new(rank, Guid.CreateVersion7(), Guid.CreateVersion7(), $"Builder of rank {rank}", price, "CNY");

    private Lot LotOf(Tender tender, int number) => new()
    {
        TenderId = tender.Id, Number = number, Title = $"Lot {number}", CeilingPrice = CeilingPrice, MinimumPrice = MinimumPrice, EstimatedPrice = EstimatedPrice, Deposit = Deposit,
        BidDeadline = Deadline, OpeningAt = OpeningAt ?? Deadline, OpeningMinutes = 60, EvaluationMethod = Method, Specialty = "water works", CommitteeSize = CommitteeSize,
    };
}
