using Npgsql;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Features;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow;

/// <summary>Accounts, transfers, deposits and what the bank says of them: every fen, twice written.</summary>
public static class EscrowService
{
    public const string Name = "escrow";

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddValidation();
        builder.AddService<EscrowDb>(Name)
            .On<TenderPublished>("keep-lots", OpenSubAccount.OnTenderPublished)
            .On<DeadlineMoved>("keep-moved-deadline", KeepMovedDeadline.Handle)
            .On<BidderRegistered>("open-sub-account", OpenSubAccount.OnBidderRegistered)
            .On<BasicAccountRegistered>("keep-basic-account", OpenSubAccount.OnBasicAccountRegistered)
            .On<BidWithdrawn>("release-on-bid-withdrawn", ReleaseOnBidWithdrawn.Handle)
            .On<BidNotOpened>("release-or-mark-bid-not-opened", ReleaseOrMarkOnBidNotOpened.OnBidNotOpened)
            .On<ArchiveNotOpened>("release-or-mark-archive-not-opened", ReleaseOrMarkOnBidNotOpened.OnArchiveNotOpened)
            .On<AwardNoticeIssued>("keep-award-notice", ReleaseOnAwardNoticeIssued.Handle)
            .On<ContractSigned>("release-on-contract-signed", ReleaseOnContractSigned.Handle)
            .On<LotFailed>("release-on-lot-failed", ReleaseOnLotFailed.Handle)
            .On<OpeningCompleted>("tell-shared-payers", TellSharedPayers.OnOpeningCompleted)
            .On<LotFailed>("tell-shared-payers-of-failed-lot", TellSharedPayers.OnLotFailed)
            .WhenDue("refund_run", RunRefunds.Handle)
            .WhenDue("deposit", WarnOfOverdueRefunds.Handle)
            .WhenDue("guarantee_letter", WarnOfExpiringLetter.Handle)
            .WhenDue("payment_order", WritePaymentFile.OnDue)
            .WhenDue("hold_due", ExpireHold.Handle);
        builder.Services.AddSingleton(p => ActivatorUtilities.CreateInstance<Snapshots>(p, p.GetRequiredKeyedService<NpgsqlDataSource>(Name))).AddHostedService(p => p.GetRequiredService<Snapshots>());
        builder.Services.AddSingleton(p => ActivatorUtilities.CreateInstance<Batcher>(p, p.GetRequiredKeyedService<NpgsqlDataSource>(Name))).AddHostedService(p => p.GetRequiredService<Batcher>());
        builder.Services.AddSingleton(BankSettings.From(builder.Configuration));
        builder.Services.AddHostedService<CheckLedgerDaily>();
        builder.Services.AddHostedService<ImportFromFolder>();
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<EscrowDb>(Name);
        GetSubAccount.Map(routes);
        GetDeposit.Map(routes);
        ImportBankFile.Map(routes);
        GetBankFile.Map(routes);
        ListWorkItems.Map(routes);
        ResolveWorkItem.Map(routes);
        GetPaymentFile.Map(routes);
        ListPaymentOrders.Map(routes);
        SendOrderAgain.Map(routes);
        GetReconciliation.Map(routes);
        CloseDay.Map(routes);
        ForfeitDeposit.Map(routes);
        WaiveForfeiture.Map(routes);
        ListDeposits.Map(routes);
        GetDepositTerms.Map(routes);
        PresentGuaranteeLetter.Map(routes);
        VerifyGuaranteeLetter.Map(routes);
        ListGuaranteeLetters.Map(routes);
        ClaimGuaranteeLetter.Map(routes);
        DeclareExemption.Map(routes);
        PauseRefunds.Map(routes);
        ListRefundRuns.Map(routes);
        CorrectBooks.Map(routes);
        GetTrialBalance.Map(routes);
        GetBalance.Map(routes);
        GetStatement.Map(routes);
        GetHolds.Map(routes);
        GetRefundsDue.Map(routes);
    }
}
