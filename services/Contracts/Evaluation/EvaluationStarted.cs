namespace Tendering.Contracts.Evaluation;

[Event("evaluation.evaluation-started")]
public sealed record EvaluationStarted(Guid TenderId, Guid LotId, int Bids, DateTimeOffset StartedAt) : ITenderEvent;
