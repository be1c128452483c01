using Tendering.BidOpening.Data;
using Tendering.BidOpening.Features;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening;

/// <summary>Unseals bids in public: custodians' shares, bidders' recovery keys, verdicts from facts, the opening record.</summary>
public static class BidOpeningService
{
    public const string Name = "bid-opening";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<BidOpeningDb>(Name)
            .On<TenderPublished>("announce-openings", AnnounceOpeningsOnTenderPublished.Handle)
            .On<ClosingListDrawn>("take-closing-list", TakeClosingListOnClosingListDrawn.Handle)
            .WhenDue("opening_session", ContinueOpeningWhenDue.Handle)
            .WhenDue("listed_bid", OpenFilesWhenDue.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<BidOpeningDb>(Name);
        GetOpening.Map(routes);
        GetSealedShares.Map(routes);
        ReleaseShares.Map(routes);
        RecoverBid.Map(routes);
        GetRecord.Map(routes);
        GetRecordPage.Map(routes);
        GetBidProof.Map(routes);
    }
}
