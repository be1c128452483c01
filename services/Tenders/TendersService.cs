using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Identity;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Features;

namespace Tendering.Tenders;

/// <summary>A tender's life from draft to contract, under the rule set that holds for it.</summary>
public static class TendersService
{
    public const string Name = "tenders";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<TendersDb>(Name)
            .On<OrganisationRegistered>("keep-organisation", KeepOrganisationOnOrganisationRegistered.Handle)
            .On<BiddingClosed>("close-lot", CloseLotOnBiddingClosed.Handle)
            .On<ExtensionDecided>("move-deadline", MoveDeadlineOnExtensionDecided.Handle)
            .On<ClosingListDrawn>("count-bids", CountBidsOnClosingListDrawn.Handle)
            .On<OpeningStarted>("open-lot", OpenLotOnOpeningStarted.Handle)
            .On<OpeningCompleted>("evaluate-lot", EvaluateLotOnOpeningCompleted.Handle)
            .On<EvaluationCompleted>("rank-lot", RankLotOnEvaluationCompleted.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<TendersDb>(Name);
        DraftTender.Map(routes);
        ListDrafts.Map(routes);
        RegisterCustodianKey.Map(routes);
        RequestReview.Map(routes);
        ReviewTender.Map(routes);
        PublishTender.Map(routes);
        MoveDeadline.Map(routes);
        GetTender.Map(routes);
        ListNotices.Map(routes);
        GetNotice.Map(routes);
        PublishCandidates.Map(routes);
        DecideAward.Map(routes);
        IssueAwardNotice.Map(routes);
        SignContract.Map(routes);
    }
}
