namespace Tendering.Contracts.Evaluation;

/// <summary>A report that was drawn and not complete no longer counts, and neither do the rejections and signatures that belong to it: a bid in it is excluded.</summary>
[Event("evaluation.report-set-aside", SecretUntil = Disclosure.Report)]
public sealed record ReportSetAside(Guid TenderId, Guid LotId, string ReportHash, Guid BidId, string Rule, string Article, DateTimeOffset SetAsideAt) : ITenderEvent;
