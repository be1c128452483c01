using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Features;
using Tendering.Contracts.Credit;
using Tendering.Contracts.Escrow;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding;

/// <summary>Takes bids that nobody can read, until the deadline and not a moment longer.</summary>
public static class BiddingService
{
    public const string Name = "bidding";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddMarkedStore(Name);
        builder.Services.AddSingleton<Known>().AddSingleton<ReceiptKey>().AddSingleton<Receiving>();
        builder.Services.AddSingleton<OutageWatch>().AddHostedService(p => p.GetRequiredService<OutageWatch>());
        builder.Services.AddSingleton<Intake>().AddHostedService(p => p.GetRequiredService<Intake>()).AddKeyedSingleton<IRushHour>(Name, (p, _) => p.GetRequiredService<Intake>());
        builder.Services.AddKeptFresh(() => TrustedAuthorities.From(name => builder.Configuration[name]), new Fresh<TrustedAuthorities>(
            (authorities, now) => authorities.ReadLists(now).Select(f => new FreshFault(f.File, f.Reason, f.IsOverdue)), authorities => authorities.RequireUsable(mustNameRoots: !builder.Environment.IsDevelopment())));
        builder.Services.AddSingleton(p => NodeClock.Against(p.GetRequiredKeyedService<NpgsqlDataSource>(Name)));
        builder.Services.AddSingleton<NodeClock>().AddHostedService(p => p.GetRequiredService<NodeClock>());
        builder.AddService<BiddingDb>(Name)
            .On<OrganisationRegistered>("keep-organisation", KeepOrganisation.Handle)
            .On<CertificateIssued>("keep-certificate", KeepCertificate.Handle)
            .On<CertificateRevoked>("keep-revocation", KeepRevocation.Handle)
            .On<EnterpriseDebarred>("keep-debarment", KeepDebarment.Handle)
            .On<DebarmentEnded>("end-debarment", EndDebarment.Handle)
            .On<TenderPublished>("open-lots", OpenLotsOnTenderPublished.Handle)
            .On<DeadlineMoved>("move-deadline", MoveDeadlineOnDeadlineMoved.Handle)
            .On<DepositSecured>("note-secured-deposit", NoteDeposit.HandleSecured)
            .On<DepositRefused>("note-refused-deposit", NoteDeposit.HandleRefused)
            .On<DepositReleased>("note-released-deposit", NoteDeposit.HandleReleased)
            .WhenDue("lot", CloseBiddingAtDeadline.Handle)
            .WhenDue("upload", ClearUploadWhenDue.Handle)
            .AtFirstStart("receipt-key", PublishReceiptKeyAtFirstStart.Handle);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<BiddingDb>(Name);
        GetClosing.Map(routes);
        GetReceiptKey.Map(routes);
        GetClock.Map(routes);
        ListExtensions.Map(routes);
        DecideExtension.Map(routes);

        // What bidders do before the opening leaves no trace in metrics or spans: a count would already tell too much.
        var unseen = routes.MapGroup("").Unseen();
        GetOwnLot.Map(unseen);
        RegisterForLot.Map(unseen);
        DiscoverUploads.Map(unseen);
        BeginUpload.Map(unseen);
        ContinueUpload.Map(unseen);
        GetUpload.Map(unseen);
        EndUpload.Map(unseen);
        SubmitBid.Map(unseen);
        WithdrawBid.Map(unseen);
        GetOwnReceipt.Map(unseen);
        GetReceiptPage.Map(unseen);
    }
}
