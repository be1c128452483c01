using Tendering.Protocols;

namespace Tendering.Replay.Client;

// What a stranger's client needs of the system's answers, and no more.
public sealed record Me(Guid Id, string Name, Guid OrganisationId, string OrganisationName, string[] Roles);
public sealed record ClockAnswer(string Mode, DateTimeOffset Now, double Rate);
public sealed record RegisteredOrganisation(Guid OrganisationId, Guid PersonId, string Certificate, string Issuer);
public sealed record DraftedLot(Guid LotId, int Number);
public sealed record Drafted(Guid TenderId, string Number, DraftedLot[] Lots);
public sealed record PublishedCustodian(int Index, Guid OrganisationId, string PublicKey);
public sealed record TenderLot(Guid LotId, int Number, string Stage);
public sealed record Tender(Guid TenderId, string Number, string Title, int Threshold, PublishedCustodian[] Custodians, TenderLot[] Lots);
public sealed record StandingBid(Guid BidId, int Revision, string ManifestHash);
public sealed record BidderLot(string Stage, DateTimeOffset BidDeadline, bool Registered, string Deposit, string? DepositReason, StandingBid? Bid);
public sealed record SubAccount(string AccountNumber, string AccountName, long Amount, string Currency);
public sealed record DepositInterest(string Rule, string Article, InterestStatement Statement);

public sealed record DepositView(string State, long Amount, long Refunded, DepositInterest? Interest, DepositInterest? LateInterest)
{
    /// <summary>The interest as a stranger counts it again from days and published rates; another amount than the statement's is an error.</summary>
    public long RecountedInterest() => new[] { Interest, LateInterest }.OfType<DepositInterest>().Sum(i => Recount(i.Statement));

    private static long Recount(InterestStatement said)
    {
        if (said.Spans.Length == 0) return said.Amount == 0 ? 0 : throw new InvalidOperationException($"Interest of {said.Amount} for no day.");
        var counted = Protocols.Interest.Of(said.Principal, said.Table, said.Factor, said.Spans[0].From, said.Spans[^1].Until).Amount;
        return counted == said.Amount && said.IsRight ? counted : throw new InvalidOperationException($"Interest of {said.Amount} where a stranger counts {counted}.");
    }
}

public sealed record Submitted(Guid BidId, string Receipt);
public sealed record Closing(string ClosingListHash, DateTimeOffset ClosedAt);
public sealed record OpeningView(string Stage, int? Opened, int? Total);
public sealed record SealedBidView(Guid BidId, string Manifest);
public sealed record SealedShares(int CustodianIndex, SealedBidView[] Bids);
public sealed record SharesAnswer(int Good);
public sealed record RaisedObjection(Guid ObjectionId);
public sealed record RecordBid(Guid BidId, Guid BidderId, string BidderName, long? Price, string? Verdict);
public sealed record OpeningRecord(RecordBid[] Bids);
public sealed record ExpertItem(Guid ExpertId, Guid PersonId, string Specialty);
public sealed record DrawStarted(Guid DrawId, string PoolHash, int PoolSize);
public sealed record DrawView(Guid DrawId, string Stage);
public sealed record Invitation(Guid LotId, Guid TenderId, Guid DrawId, string Stage);
public sealed record EvaluationFinding(string Ground, string Explanation, string Rule, string Article);
public sealed record EvaluationBid(Guid BidId, Guid? BidderId, string BidderName, long? Price, string? Verdict, EvaluationFinding[] Findings);
public sealed record EvaluationView(string Stage, EvaluationBid[]? Bids, string? ReportHash);
public sealed record CandidateAnswer(int Rank, Guid BidId, Guid BidderId, string BidderName, long Price);
public sealed record CandidatesAnswer(DateTimeOffset PublicityEndsAt, CandidateAnswer[] Candidates);
public sealed record ContractDue(DateTimeOffset ContractDueBy);
public sealed record TrialBalance(bool Balanced);
public sealed record StreamHead(string Source, long? Last, System.Text.Json.JsonElement[]? Gaps);
public sealed record TimelineItem(long Index, string Source, long Sequence, string Type);
public sealed record BankAccount(string Number, long Balance);
public sealed record InterestCredit(string Reference, long Amount);
public sealed record StatedDay(DateOnly Day, long Closing);
public sealed record AccountBalance(long Debits, long Credits);
public sealed record WorkListItem(Guid Id, long Sequence, string Reference);
public sealed record DayDifference(string Code, bool Blocks);
public sealed record DayReport(DayDifference[] Differences);
public sealed record DayReconciliation(DayReport Report);
