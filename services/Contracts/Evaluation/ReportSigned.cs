namespace Tendering.Contracts.Evaluation;

/// <summary>A committee member signed the report's hash with its own key.</summary>
[Event("evaluation.report-signed", SecretUntil = Disclosure.Result)]
public sealed record ReportSigned(Guid TenderId, Guid LotId, Guid PersonId, string ReportHash, string Signature, DateTimeOffset SignedAt) : ITenderEvent;
