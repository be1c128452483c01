using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ExpertSelection.Features;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection;

/// <summary>The library of experts, draws and committees: chooses experts so that anyone can check it.</summary>
public static class ExpertSelectionService
{
    public const string Name = "expert-selection";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.Services.AddSingleton(Times(builder.Configuration));
        builder.AddService<ExpertSelectionDb>(Name)
            .On<OrganisationRegistered>("keep-organisation", KeepOrganisationOnOrganisationRegistered.Handle)
            .On<TenderPublished>("keep-lot-terms", KeepLotFacts.OnTenderPublished)
            .On<OpeningCompleted>("keep-bidders", KeepLotFacts.OnOpeningCompleted)
            .On<CandidatesPublished>("disclose-on-candidates", DiscloseOnResult.OnCandidatesPublished)
            .On<AwardNoticeIssued>("disclose-on-award-notice", DiscloseOnResult.OnAwardNoticeIssued)
            .On<LotFailed>("disclose-on-failure", DiscloseOnResult.OnLotFailed)
            .WhenDue("draw", ActOnDrawWhenDue.Handle)
            .AtFirstStart("vrf-key", PublishVrfKeyAtFirstStart.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<ExpertSelectionDb>(Name);
        EnterExpert.Map(routes);
        ListExperts.Map(routes);
        SetExpertStatus.Map(routes);
        GetVrfKey.Map(routes);
        AskForDraw.Map(routes);
        CommitToDraw.Map(routes);
        RevealToDraw.Map(routes);
        GetDraw.Map(routes);
        ListInvitations.Map(routes);
        AcceptInvitation.Map(routes);
        DeclineInvitation.Map(routes);
    }

    private static DrawTimes Times(IConfiguration configuration) => new(
        configuration.GetValue<TimeSpan?>("ExpertSelection:RevealTime") ?? DrawTimes.Default.Reveal,
        configuration.GetValue<TimeSpan?>("ExpertSelection:AnswerTime") ?? DrawTimes.Default.Answer);
}
