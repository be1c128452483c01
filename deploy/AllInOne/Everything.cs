using Tendering.BidOpening;
using Tendering.Bidding;
using Tendering.Credit;
using Tendering.Escrow;
using Tendering.Evaluation;
using Tendering.ExpertSelection;
using Tendering.Identity;
using Tendering.Supervision;
using Tendering.Tenders;

namespace Tendering.AllInOne;

/// <summary>All nine services, on one page.</summary>
public static class Everything
{
    public static IReadOnlyList<string> Names { get; } =
    [
        IdentityService.Name, TendersService.Name, BiddingService.Name, BidOpeningService.Name, ExpertSelectionService.Name, EvaluationService.Name, EscrowService.Name,
        CreditService.Name, SupervisionService.Name,
    ];

    public static void Add(WebApplicationBuilder builder)
    {
        IdentityService.Add(builder);
        TendersService.Add(builder);
        BiddingService.Add(builder);
        BidOpeningService.Add(builder);
        ExpertSelectionService.Add(builder);
        EvaluationService.Add(builder);
        EscrowService.Add(builder);
        CreditService.Add(builder);
        SupervisionService.Add(builder);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        IdentityService.Map(app);
        TendersService.Map(app);
        BiddingService.Map(app);
        BidOpeningService.Map(app);
        ExpertSelectionService.Map(app);
        EvaluationService.Map(app);
        EscrowService.Map(app);
        CreditService.Map(app);
        SupervisionService.Map(app);
    }
}
