using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Domain.Camt;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.ServiceDefaults;
using Tendering.Testing;

namespace Tendering.Escrow.Tests;

public sealed class EscrowHost() : ServiceFixture(EscrowService.Name, EscrowService.Add, EscrowService.Map, Settings)
{
    public const long Deposit = 200_000_00;
    public const string TreasuryAccount = "9558800000000001", TreasuryName = "Treasury of the town", BankCode = "91330106MA2CFLDG4R";

    private static void Settings(IConfigurationBuilder configuration) => configuration.AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Escrow:Treasury:CNY:Account"] = TreasuryAccount, ["Escrow:Treasury:CNY:Name"] = TreasuryName, ["Escrow:Treasury:JPY:Account"] = TreasuryAccount, ["Escrow:Treasury:JPY:Name"] = TreasuryName,
        ["Escrow:BankCode"] = BankCode,
    });

    /// <summary>A lot that asks for a deposit, with a deadline ten days from now.</summary>
    public async Task<LotOf> PublishAsync(string ruleSet = "cn-tendering", string currency = "CNY", long deposit = Deposit, LotOf? lot = null)
    {
        lot ??= NewLot(ruleSet, currency, deposit);
        await HearAsync(lot.Published);
        await EventuallyAsync(() => InDbAsync((EscrowDb db) => db.Lots.AnyAsync(l => l.Id == lot.LotId)), "the lot");
        return lot;
    }

    public LotOf NewLot(string ruleSet = "cn-tendering", string currency = "CNY", long deposit = Deposit) => new(Guid.CreateVersion7(), Guid.CreateVersion7(), ruleSet, currency, deposit, Clock.GetUtcNow());

    public async Task<Bidder> RegisterAsync(LotOf lot, Bidder? bidder = null)
    {
        bidder ??= NewBidder();
        await HearAsync(bidder.Basic);
        await HearAsync(bidder.Registered(lot));
        return bidder with { AccountNumber = (await SubAccountAsync(lot, bidder)).AccountNumber };
    }

    public Bidder NewBidder()
    {
        var id = Guid.CreateVersion7();
        return new Bidder(id, $"6222{id.ToString("N")[^12..]}", Clock.GetUtcNow());
    }

    public async Task<GetSubAccount.Response> SubAccountAsync(LotOf lot, Bidder bidder)
    {
        GetSubAccount.Response? account = null;
        await EventuallyAsync(async () =>
        {
            var answer = await As(Roles.Bidder, bidder.Id).GetAsync($"/api/escrow/lots/{lot.LotId}/sub-account");
            if (answer.IsSuccessStatusCode) account = await ReadAsync<GetSubAccount.Response>(answer);
            return account is not null;
        }, "the sub-account");
        return account!;
    }

    /// <summary>The bank's notice of a payment: exactly the deposit, from the basic account, in time, unless changed.</summary>
    public BankNotice NoticeOf(LotOf lot, Bidder bidder) =>
        new($"B{Guid.NewGuid():N}", bidder.AccountNumber!, lot.Deposit, lot.Currency, bidder.BasicNumber, bidder.Name, Clock.GetUtcNow());

    /// <summary>As a camt.054 of its own.</summary>
    public Task<HttpResponseMessage> NotifyAsync(BankNotice notice) => ImportAsync(new CamtText(false, 8, notice.Line) { Currency = notice.Currency, CreatedAt = Text(Clock.GetUtcNow()) });

    public async Task<Taken> TakenAsync(BankNotice notice)
    {
        var line = Assert.Single((await ImportedAsync(new CamtText(false, 8, notice.Line) { Currency = notice.Currency, CreatedAt = Text(Clock.GetUtcNow()) })).Entries);
        return new Taken(line.State, line.Outcome!.Value, line.Code);
    }

    /// <summary>Brings a file of the bank, as the bank's machine unless another role is given.</summary>
    public async Task<HttpResponseMessage> ImportAsync(string text, string role = Roles.Bank)
    {
        using var content = new StringContent(text, System.Text.Encoding.UTF8, "application/xml");
        return await As(role).PostAsync("/api/escrow/bank-files", content);
    }

    public async Task<ImportBankFile.Response> ImportedAsync(string text, string role = Roles.Bank)
    {
        var answer = await ImportAsync(text, role);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await ReadAsync<ImportBankFile.Response>(answer);
    }

    public static string Text(DateTimeOffset moment) => moment.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", System.Globalization.CultureInfo.InvariantCulture);

    public static string Text(long minor, string currency = "CNY") => MinorUnits.Text(minor, currency);

    /// <summary>The bank's day now.</summary>
    public string Today => Clock.GetUtcNow().ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A bidder whose deposit is held.</summary>
    public async Task<Bidder> SecureAsync(LotOf lot)
    {
        var bidder = await RegisterAsync(lot);
        Assert.Equal(Outcome.Secured, (await TakenAsync(NoticeOf(lot, bidder))).Outcome);
        return bidder;
    }

    /// <summary>All that wait, page by page.</summary>
    public async Task<ListPaymentOrders.Item[]> OrdersAsync()
    {
        var (bank, orders) = (As(Roles.Bank), new List<ListPaymentOrders.Item>());
        while (await ReadAsync<ListPaymentOrders.Item[]>(await bank.GetAsync($"/api/escrow/payment-orders?after={orders.LastOrDefault()?.Sequence ?? 0}")) is { Length: > 0 } page) orders.AddRange(page);
        return [.. orders];
    }

    public async Task<ListPaymentOrders.Item[]> OrdersToAsync(Bidder bidder) => [.. (await OrdersAsync()).Where(o => o.ToAccount == bidder.BasicNumber)];

    /// <summary>The bank's notice that it has paid an order.</summary>
    public async Task<HttpResponseMessage> ConfirmAsync(Guid order, string reference, DateTimeOffset? bookedAt = null)
    {
        if (bookedAt > Clock.GetUtcNow()) Clock.MoveTo(bookedAt.Value);                    // no bank tells of what is to come
        var ordered = (await InDbAsync((EscrowDb db) => db.PaymentOrders.FindAsync(order).AsTask()))!;
        return await ImportAsync(new CamtText(false, 8, PaidLine(ordered, reference, bookedAt)) { Currency = ordered.Currency, CreatedAt = Text(Clock.GetUtcNow()) });
    }

    public CamtLine PaidLine(PaymentOrder order, string reference, DateTimeOffset? bookedAt = null) => new(reference, Text(order.Amount, order.Currency), IsCredit: false)
    {
        Currency = order.Currency, EndToEndId = order.EndToEndId, CreditorAccount = order.ToAccount, CreditorName = order.ToName, BookedAt = Text(bookedAt ?? Clock.GetUtcNow()), ValueDay = null,
    };

    public async Task<GetDeposit.Response> DepositAsync(LotOf lot, Bidder bidder) => await ReadAsync<GetDeposit.Response>(await As(Roles.Bidder, bidder.Id).GetAsync($"/api/escrow/lots/{lot.LotId}/deposit"));

    public Task EventuallyDepositAsync(LotOf lot, Bidder bidder, GetDeposit.DepositState state) => EventuallyAsync(async () => (await DepositAsync(lot, bidder)).State == state, $"a deposit that is {state}");

    /// <summary>Every invariant of the books holds.</summary>
    public async Task BooksHoldAsync() => Assert.Empty(await InDbAsync((EscrowDb db) => Invariants.ViolatedAsync(db, default)));

    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<T>(Json))!;

    private static readonly System.Text.Json.JsonSerializerOptions Json = new(Outbox.Json) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.KebabCaseLower) } };
}

/// <summary>A lot of a tender of its own.</summary>
public sealed record LotOf(Guid TenderId, Guid LotId, string RuleSet, string Currency, long Deposit, DateTimeOffset PublishedAt, PublishedDepositTerms? Terms = null)
{
    public const string Tenderer = "Town";

    public DateTimeOffset BidDeadline => PublishedAt.AddDays(10);

    public TenderPublished Published => new(TenderId, "T-2026-001", "A school", RuleSet, Guid.CreateVersion7(), "Agency", Guid.CreateVersion7(), Tenderer, Currency, PublishedAt, new string('0', 64), 2, [],
        [new PublishedLot(LotId, 1, "Building", 100_000_000_00, null, Deposit, BidDeadline, BidDeadline, 30, "lowest-evaluated-price", "construction", 5, 3)], Terms);

    public LotFailed Failed(DateTimeOffset at) => new(TenderId, LotId, "fewer than three bids", "A15", "条28", at);
    public AwardNoticeIssued Noticed(Bidder winner, DateTimeOffset at) => new(TenderId, LotId, winner.Id, at, at.AddDays(30));
    public Contracts.BidOpening.OpeningCompleted Opened(DateTimeOffset at) => new(TenderId, LotId, new string('2', 64), [], at);
    public ContractSigned Contracted(Bidder winner, DateTimeOffset at) => new(TenderId, LotId, winner.Id, 90_000_000_00, Currency, new string('1', 64), at);
}

/// <summary>An enterprise with a basic account; the virtual account number once it has one.</summary>
public sealed record Bidder(Guid Id, string BasicNumber, DateTimeOffset RegisteredAt, string? AccountNumber = null)
{
    public string Name => $"Builders {Id.ToString("N")[^6..]}";
    public BasicAccountRegistered Basic => new(Id, BasicNumber, Name, RegisteredAt);
    public BidderRegistered Registered(LotOf lot) => new(lot.TenderId, lot.LotId, Id, Name, "91330106MA2CFLDG4R", RegisteredAt);
    public BidWithdrawn Withdrew(LotOf lot, DateTimeOffset at) => new(lot.TenderId, lot.LotId, Guid.CreateVersion7(), Id, 1, at);

    public Contracts.BidOpening.BidNotOpened NotOpened(LotOf lot, string verdict, DateTimeOffset at) =>
        new(lot.TenderId, lot.LotId, Guid.CreateVersion7(), Id, Name, verdict, verdict == "revoked" ? "bidder" : "platform", "not decrypted", "A36", "20号令31", at);

    public Contracts.BidOpening.ArchiveNotOpened ArchiveNotOpened(LotOf lot, string verdict, DateTimeOffset at) =>
        new(lot.TenderId, lot.LotId, Guid.CreateVersion7(), Id, Name, verdict, verdict == "revoked" ? "bidder" : "custodians", "not decrypted", "A36", "20号令31", at);
}

/// <summary>A payment to a virtual account as the bank tells of it. Amount in minor units.</summary>
public sealed record BankNotice(string Reference, string AccountNumber, long Amount, string Currency, string PayerAccount, string PayerName, DateTimeOffset BookedAt)
{
    public CamtLine Line => new(Reference, EscrowHost.Text(Amount, Currency))
    {
        Currency = Currency, CreditorAccount = AccountNumber, DebtorAccount = PayerAccount, DebtorName = PayerName, BookedAt = EscrowHost.Text(BookedAt), ValueDay = null,
    };
}

/// <summary>What became of a notice.</summary>
public sealed record Taken(string State, Outcome Outcome, string? Code);
