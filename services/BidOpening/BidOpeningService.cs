using Npgsql;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Features;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening;

/// <summary>Unseals bids in public: custodians' shares, bidders' recovery keys, verdicts from facts, the opening record.</summary>
public static class BidOpeningService
{
    public const string Name = "bid-opening";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.Services.AddSingleton(Times(builder.Configuration)).AddSingleton<OpeningMeans>();
        builder.Services.AddHostedService<SealedArchives>();
        builder.Services.AddSingleton<HallWatch>().AddHostedService(p => p.GetRequiredService<HallWatch>());
        builder.AddMarkedStore(Name);
        builder.Services.AddKeptFresh(() => TrustedAuthorities.From(name => builder.Configuration[name]), new Fresh<TrustedAuthorities>(
            (authorities, now) => authorities.ReadLists(now).Select(f => new FreshFault(f.File, f.Reason, f.IsOverdue)), authorities => authorities.RequireUsable(mustNameRoots: !builder.Environment.IsDevelopment())));
        builder.Services.AddSingleton(p => DatabaseClock.Against(p.GetRequiredKeyedService<NpgsqlDataSource>(Name)));
        builder.AddService<BidOpeningDb>(Name)
            .On<OrganisationRegistered>("keep-organisation", KeepIdentities.OnOrganisationRegistered)
            .On<CertificateIssued>("keep-certificate", KeepIdentities.OnCertificateIssued)
            .On<CertificateRevoked>("keep-revocation", KeepIdentities.OnCertificateRevoked)
            .On<TenderPublished>("announce-openings", AnnounceOpeningsOnTenderPublished.Handle)
            .On<DeadlineMoved>("move-opening", MoveOpeningOnDeadlineMoved.Handle)
            .On<ClosingListDrawn>("take-closing-list", TakeClosingListOnClosingListDrawn.Handle)
            .WhenDue("opening_session", ContinueOpeningWhenDue.Handle)
            .AtFirstStart("coefficient-key", PublishCoefficientKeyAtFirstStart.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<BidOpeningDb>(Name);
        GetOpening.Map(routes);
        FollowOpening.Map(routes);
        SignIn.Map(routes);
        GetSealedShares.Map(routes);
        ReleaseShares.Map(routes);
        ComplainOfShares.Map(routes);
        RecoverBid.Map(routes);
        GetAnnouncement.Map(routes);
        ObjectAtOpening.Map(routes);
        AnswerAtOpening.Map(routes);
        SignAnnouncement.Map(routes);
        GetCoefficientKey.Map(routes);
        GetRecord.Map(routes);
        GetRecordPage.Map(routes);
        GetBidProof.Map(routes);
        GetArchive.Map(routes);
    }

    private static HallTimes Times(IConfiguration configuration) => new(
        configuration.GetValue<TimeSpan?>("BidOpening:HallOpensBefore") ?? HallTimes.Default.OpensBefore,
        configuration.GetValue<TimeSpan?>("BidOpening:ConfirmationTime") ?? HallTimes.Default.Confirmation);
}
