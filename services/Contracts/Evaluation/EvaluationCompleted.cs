using Tendering.Contracts.Tenders;

namespace Tendering.Contracts.Evaluation;

/// <summary>All members signed. No candidates: every bid was rejected.</summary>
[Event("evaluation.evaluation-completed")]
public sealed record EvaluationCompleted(Guid TenderId, Guid LotId, string ReportHash, Candidate[] Candidates, DateTimeOffset CompletedAt) : ITenderEvent;
