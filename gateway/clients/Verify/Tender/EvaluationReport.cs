using System.Text.Json.Serialization;

namespace Tendering.Verify.Tender;

/// <summary>The evaluation report as it is published (docs/domain/evaluation.md): inputs, and what was concluded from them. Amounts in minor units.</summary>
public sealed record EvaluationReport(int Version, ReportInputs Inputs, BidConclusion[] Bids, FewBids? FewBids, RankedBid[] Ranking, RankedBid[] Candidates, CitedRule[] Rules);

public sealed record ReportInputs(
    Guid TenderId, Guid LotId, LotTerms Terms, string OpeningRecordHash, Guid DrawId, BidFacts[] Bids, SeatCommitment[] Members, SeatVotes[] Votes, DateTimeOffset DrawnAt);

public sealed record LotTerms(
    string TenderNumber, string TenderTitle, int LotNumber, string LotTitle, string RuleSet, string Currency, string AgencyName, string TendererName, long CeilingPrice,
    long? MinimumPrice, long Deposit, string EvaluationMethod);

/// <param name="Archive">Since version 2 of the report; written only where the bid's archive was not opened.</param>
public sealed record BidFacts(BidOnRecord Record, bool DepositSecured, DebarmentInForce? Debarment, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ArchiveFact? Archive = null)
{
    [JsonIgnore]
    public bool IsOpened => Record.Price is not null && Archive is null;
}

public sealed record ArchiveFact(string Verdict, string Cause, string Fact, string Rule, string Article, DateTimeOffset DecidedAt);

public sealed record BidOnRecord(Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, long? Price, string? Verdict, string ManifestHash, DateTimeOffset SubmittedAt);

public sealed record DebarmentInForce(Guid DebarmentId, string DecisionNumber, string Reason, DateTimeOffset From, DateTimeOffset Until);

public sealed record SeatCommitment(int Seat, string Commitment);

public sealed record SeatVotes(int Seat, Vote[] Votes, string? FewBidsReason, DateTimeOffset ConfirmedAt);

public sealed record Vote(Guid BidId, bool Accepted, string? Ground, string? Explanation);

public sealed record BidConclusion(
    Guid BidId, string Outcome, ReportFinding[] Findings, int For, int Against, string? Ground, string? Explanation, string? Rule, string? Article, SeatVote[] Dissents);

public sealed record ReportFinding(string Ground, string Explanation, string Rule, string Article);

public sealed record SeatVote(int Seat, bool Accepted, string? Ground, string? Explanation);

public sealed record FewBids(int Valid, int Fewer, string Rule, string Article, SeatReason[] Reasons);

public sealed record SeatReason(int Seat, string Reason);

public sealed record RankedBid(int Rank, Guid BidId, Guid BidderId, string BidderName, long Price);

public sealed record CitedRule(string Id, string Article, string Text);

/// <summary>Who sat on the committee and how each answered the report, as it is public with the result.</summary>
public sealed record CommitteeAnswer(Guid LotId, string ReportHash, CommitteeSeat[] Members);

public sealed record CommitteeSeat(
    int Seat, Guid Expert, string Name, string Employer, string SigningKey, string Salt, string? Answer, string? Signature, string? Reason, DateTimeOffset? AnsweredAt);
