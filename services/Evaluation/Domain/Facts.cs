using System.Text.Json.Serialization;

namespace Tendering.Evaluation.Domain;

/// <summary>What the tender's notice says of a lot. Amounts in minor units.</summary>
public sealed record LotTerms(
    string TenderNumber, string TenderTitle, int LotNumber, string LotTitle, string RuleSet, string Currency, string AgencyName, string TendererName, long CeilingPrice,
    long? MinimumPrice, long Deposit, string EvaluationMethod);

/// <summary>The opening record: its hash, and a line for each bid.</summary>
public sealed record OpeningFacts(string RecordHash, BidOnRecord[] Bids);

/// <summary>One line of the opening record. No price: the bid was not opened, for what its verdict says.</summary>
public sealed record BidOnRecord(
    Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, long? Price, string? Verdict, string ManifestHash, DateTimeOffset SubmittedAt);

/// <summary>A debarment that holds at the moment of the examination.</summary>
public sealed record DebarmentInForce(Guid DebarmentId, string DecisionNumber, string Reason, DateTimeOffset From, DateTimeOffset Until);

/// <summary>Why a bid's archive was not opened, in bid-opening's words, and by which rule.</summary>
public sealed record ArchiveFact(string Verdict, string Cause, string Fact, string Rule, string Article, DateTimeOffset DecidedAt);

/// <summary>A bid and everything that its preliminary examination looks at.</summary>
/// <param name="Archive">Left out of the report where the archive was opened, so that reports without it are the bytes that they always were.</param>
public sealed record BidFacts(
    BidOnRecord Record, bool DepositSecured, DebarmentInForce? Debarment, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ArchiveFact? Archive = null)
{
    /// <summary>There is something to evaluate: price and archive were opened, as far as is known.</summary>
    [JsonIgnore]
    public bool IsOpened => Record.Price is not null && Archive is null;
}

/// <summary>That a bid's archive was not opened, once. Late: it came when the evaluation was over.</summary>
public sealed class UnopenedArchive
{
    public required Guid LotId { get; init; }
    public required Guid BidId { get; init; }
    public required string Verdict { get; init; }
    public required string Cause { get; init; }
    public required string Fact { get; init; }
    public required string Rule { get; init; }
    public required string Article { get; init; }
    public required DateTimeOffset DecidedAt { get; init; }
    public required bool IsLate { get; init; }

    public ArchiveFact Told => new(Verdict, Cause, Fact, Rule, Article, DecidedAt);

    public static UnopenedArchive Of(Guid lot, Guid bid, ArchiveFact fact, bool isLate) => new()
    {
        LotId = lot, BidId = bid, Verdict = fact.Verdict, Cause = fact.Cause, Fact = fact.Fact, Rule = fact.Rule, Article = fact.Article, DecidedAt = fact.DecidedAt, IsLate = isLate,
    };
}

/// <summary>A deposit that escrow holds.</summary>
public sealed class SecuredDeposit
{
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required long Amount { get; init; }
    public required DateTimeOffset SecuredAt { get; init; }
}

/// <summary>An enterprise that may not enter the market for a time, as credit told of it.</summary>
public sealed class Debarment
{
    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string DecisionNumber { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public required DateTimeOffset ValidUntil { get; init; }
    public DateTimeOffset? EndedAt { get; set; }

    public bool HoldsAt(DateTimeOffset moment) => ValidFrom <= moment && moment < ValidUntil && EndedAt is null;
}
