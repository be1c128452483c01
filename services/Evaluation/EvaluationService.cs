using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Credit;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.ExpertSelection;
using Tendering.Contracts.Tenders;
using Tendering.Evaluation.Data;
using Tendering.Evaluation.Features;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation;

/// <summary>Evaluations, their reports and signatures: ranks bids, reproducibly.</summary>
public static class EvaluationService
{
    public const string Name = "evaluation";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<EvaluationDb>(Name)
            .On<TenderPublished>("keep-terms", KeepFacts.OnTenderPublished)
            .On<OpeningCompleted>("keep-opening", KeepFacts.OnOpeningCompleted)
            .On<ArchiveNotOpened>("exclude-on-archive-not-opened", ExcludeOnArchiveNotOpened.Handle)
            .On<CommitteeReady>("keep-committee", KeepFacts.OnCommitteeReady)
            .On<DepositSecured>("keep-deposit", KeepFacts.OnDepositSecured)
            .On<DepositReleased>("drop-released-deposit", KeepFacts.OnDepositReleased)
            .On<EnterpriseDebarred>("keep-debarment", KeepFacts.OnEnterpriseDebarred)
            .On<DebarmentEnded>("end-debarment", KeepFacts.OnDebarmentEnded)
            .On<CandidatesPublished>("disclose-on-candidates", DiscloseOnResult.OnCandidatesPublished)
            .On<AwardNoticeIssued>("disclose-on-award-notice", DiscloseOnResult.OnAwardNoticeIssued)
            .On<LotFailed>("stop-on-failure", DiscloseOnResult.OnLotFailed)
            .WhenDue("lot_evaluation", CountSilenceWhenDue.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<EvaluationDb>(Name);
        GetEvaluation.Map(routes);
        ConfirmFindings.Map(routes);
        GetReport.Map(routes);
        SignReport.Map(routes);
        RefuseToSign.Map(routes);
    }
}
