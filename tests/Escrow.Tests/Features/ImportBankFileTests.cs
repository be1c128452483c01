using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Escrow.Features;
using Tendering.Escrow.Tests.Domain.Camt;
using Tendering.Testing;

namespace Tendering.Escrow.Tests.Features;

public class ImportBankFileTests(EscrowHost host) : IClassFixture<EscrowHost>
{
    private async Task<(LotOf Lot, Bidder Bidder)> BidderAsync()
    {
        var lot = await host.PublishAsync();
        return (lot, await host.RegisterAsync(lot));
    }

    [Fact]
    public async Task Exactly_the_deposit_from_the_basic_account_before_the_deadline_is_held()
    {
        var (lot, bidder) = await BidderAsync();
        host.Clock.MoveTo(lot.BidDeadline);
        var answer = await host.TakenAsync(host.NoticeOf(lot, bidder) with { BookedAt = lot.BidDeadline.AddMicroseconds(-1) });
        Assert.Equal((Outcome.Secured, null), (answer.Outcome, answer.Code));
        Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id && e.LotId == lot.LotId && e.Amount == lot.Deposit && e.Currency == "CNY");
        var deposit = await host.DepositAsync(lot, bidder);
        Assert.Equal((GetDeposit.DepositState.Secured, lot.Deposit), (deposit.State, deposit.Amount));
        Assert.Equal([TransferCodes.Received, TransferCodes.Held], deposit.Statement.Select(l => l.Code));
        Assert.Empty(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "deposit-too-small", "refused" }, { "deposit-too-large", "refused" }, { "deposit-too-late", "refused" }, { "deposit-wrong-payer", "suspense" }, { "deposit-wrong-currency", "suspense" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_is_not_exactly_the_deposit_goes_back_to_its_sender_by_name_and_rule(string code, string outcome)
    {
        var (lot, bidder) = await BidderAsync();
        var good = host.NoticeOf(lot, bidder);
        if (code == "deposit-too-late") host.Clock.MoveTo(lot.BidDeadline);
        var notice = code switch
        {
            "deposit-too-small" => good with { Amount = lot.Deposit - 1 },
            "deposit-too-large" => good with { Amount = lot.Deposit + 1 },
            "deposit-too-late" => good with { BookedAt = lot.BidDeadline },
            "deposit-wrong-payer" => good with { PayerAccount = $"1{bidder.BasicNumber}" },
            _ => good with { Currency = "USD" },
        };
        var answer = await host.TakenAsync(notice);
        Assert.Equal((outcome, code), (answer.Outcome.ToString().ToLowerInvariant(), answer.Code));
        var refused = Assert.Single(await host.PublishedAsync<DepositRefused, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Equal((code, "A7v", "条26", notice.Amount, notice.Currency), (refused.Code, refused.Rule, refused.Article, refused.Amount, refused.Currency));
        var order = Assert.Single(await host.OrdersAsync(), o => o.ToAccount == notice.PayerAccount);
        Assert.Equal((notice.Amount, notice.Currency, notice.PayerName), (order.Amount, order.Currency, order.ToName));
        Assert.DoesNotContain(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        var deposit = await host.DepositAsync(lot, bidder);
        Assert.Equal((GetDeposit.DepositState.Refused, code), (deposit.State, deposit.Code));

        // The faulty payment does not stand in the way of a right one.
        Assert.Equal(Outcome.Secured, (await host.TakenAsync(good with { Reference = $"G{Guid.NewGuid():N}" })).Outcome);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_deposit_paid_twice_goes_back_the_second_time()
    {
        var (lot, bidder) = await BidderAsync();
        await host.TakenAsync(host.NoticeOf(lot, bidder));
        Assert.Equal((Outcome.Refused, "deposit-paid-twice"), await OutcomeAsync(host.NoticeOf(lot, bidder)));
        Assert.Equal(GetDeposit.DepositState.Secured, (await host.DepositAsync(lot, bidder)).State);
        Assert.Single(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_payment_for_a_lot_that_has_failed_goes_back()
    {
        var (lot, bidder) = await BidderAsync();
        await host.HearAsync(lot.Failed(host.Clock.GetUtcNow()));
        await ServiceFixture.EventuallyAsync(() => host.InDbAsync(async (EscrowDb db) => (await db.Lots.FindAsync(lot.LotId))!.FailedAt is not null));
        Assert.Equal((Outcome.Refused, "deposit-lot-ended"), await OutcomeAsync(host.NoticeOf(lot, bidder)));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task A_payment_to_an_unknown_account_lies_in_suspense_and_goes_back()
    {
        var (lot, bidder) = await BidderAsync();
        var stray = host.NoticeOf(lot, bidder) with { AccountNumber = VirtualAccountNumber.New(), PayerAccount = $"9{bidder.BasicNumber}" };
        Assert.Equal((Outcome.Suspense, "deposit-unknown-account"), await OutcomeAsync(stray));
        Assert.Single(await host.OrdersAsync(), o => o.ToAccount == stray.PayerAccount && o.Amount == stray.Amount);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_same_entry_is_booked_once_however_many_files_tell_of_it_at_once()
    {
        var (lot, bidder) = await BidderAsync();
        var notice = host.NoticeOf(lot, bidder);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.TakenAsync(notice)));
        Assert.Single(answers, a => a.State == "booked");
        Assert.All(answers, a => Assert.Equal(Outcome.Secured, a.Outcome));
        Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        Assert.Equal(2, (await host.DepositAsync(lot, bidder)).Statement.Length);
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task The_same_file_gives_the_same_report_and_books_once_however_many_arrive_at_once()
    {
        var (lot, bidder) = await BidderAsync();
        string text = new CamtText(false, 4, host.NoticeOf(lot, bidder).Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.ImportAsync(text)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync()))).Distinct());
        Assert.Equal(2, (await host.DepositAsync(lot, bidder)).Statement.Length);
    }

    [Fact]
    public async Task Another_file_under_the_same_message_id_is_refused()
    {
        var (lot, bidder) = await BidderAsync();
        var file = new CamtText(false, 8, host.NoticeOf(lot, bidder).Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        await host.ImportedAsync(file);
        Assert.Equal("message-id-reused", await (await host.ImportAsync(file with { Lines = [host.NoticeOf(lot, bidder).Line] })).CodeAsync());
    }

    public static TheoryData<string, string> Fields => new()
    {
        { "account paid to", "accountNumber" }, { "amount", "amount" }, { "counterparty's account", "payerAccount" }, { "booking day", "bookedAt" }, { "direction", "direction" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Another_entry_under_the_same_reference_is_refused_and_books_nothing(string name, string field)
    {
        var (lot, bidder) = await BidderAsync();
        var notice = host.NoticeOf(lot, bidder);
        await host.TakenAsync(notice);
        var before = await host.DepositAsync(lot, bidder);
        var line = notice.Line;
        var other = new CamtText(false, 8, field switch
        {
            "accountNumber" => line with { CreditorAccount = VirtualAccountNumber.New() },
            "amount" => line with { Amount = EscrowHost.Text(notice.Amount + 1) },
            "payerAccount" => line with { DebtorAccount = "1" },
            "direction" => line with { IsCredit = false },
            _ => line with { BookedAt = EscrowHost.Text(notice.BookedAt.AddDays(-1)) },
        }, host.NoticeOf(lot, bidder).Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        var answer = await host.ImportAsync(other);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        var problem = await answer.Content.ReadAsStringAsync();
        Assert.Contains("bank-reference-reused", problem, StringComparison.Ordinal);
        Assert.Contains(name, System.Text.RegularExpressions.Regex.Unescape(problem), StringComparison.Ordinal);
        Assert.Equal(before.Statement, (await host.DepositAsync(lot, bidder)).Statement);
        Assert.Empty(await host.OrdersToAsync(bidder));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Two_payments_at_once_secure_one_deposit()
    {
        var (lot, bidder) = await BidderAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => OutcomeAsync(host.NoticeOf(lot, bidder))));
        Assert.Single(outcomes, o => o.Item1 == Outcome.Secured);
        Assert.Equal(5, outcomes.Count(o => o.Item2 == "deposit-paid-twice"));
        await host.BooksHoldAsync();
    }

    [Fact]
    public async Task Only_the_bank_and_finance_bring_files()
    {
        var (lot, bidder) = await BidderAsync();
        string file = new CamtText(false, 8, host.NoticeOf(lot, bidder).Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        foreach (var role in Roles.All.Where(r => r is not (Roles.Bank or Roles.Finance))) Assert.Equal(HttpStatusCode.Forbidden, (await host.ImportAsync(file, role)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await host.ImportAsync(file, Roles.Finance)).StatusCode);
    }

    [Fact]
    public async Task Whatever_is_killed_in_the_middle_the_bank_repeats_and_everything_is_booked_once()
    {
        var lot = await host.PublishAsync();
        var bidders = new List<Bidder>();
        for (var n = 0; n < 12; n++) bidders.Add(await host.RegisterAsync(lot));
        using var done = new CancellationTokenSource();
        var killer = KillConnectionsAsync(done.Token);
        // Each pays twice: one payment is the deposit, the other goes back.
        var outcomes = await Task.WhenAll(bidders.SelectMany(b => new[] { host.NoticeOf(lot, b), host.NoticeOf(lot, b) }).Select(RepeatUntilAnsweredAsync));
        await done.CancelAsync();
        Assert.True(await killer > 0, "nothing was killed");
        Assert.Equal(12, outcomes.Count(o => o.Outcome == Outcome.Secured));
        Assert.Equal(12, outcomes.Count(o => o.Code == "deposit-paid-twice"));
        foreach (var bidder in bidders)
        {
            Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
            Assert.Single(await host.OrdersToAsync(bidder));
        }
        await host.BooksHoldAsync();
    }

    // Two files tell of the same bidders, the one in the other's order, and wait for the same lot in their middle.
    [Fact]
    public async Task Files_corrections_and_closes_never_wait_for_each_other_in_a_circle()
    {
        var (lot, last) = (await host.PublishAsync(), await BidderAsync());
        var (first, second) = (await host.RegisterAsync(lot), await host.RegisterAsync(lot));
        string File(params (LotOf Lot, Bidder Bidder)[] payments)
        {
            var parts = payments.Select(p => new CamtText(false, 8, host.NoticeOf(p.Lot, p.Bidder).Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) }).ToArray();
            return parts[0] with { More = string.Concat(parts[1..].Select(p => p.Part())) };
        }
        Task<HttpResponseMessage>[] imports;
        await using (var db = ManyDeposits.Open(host.ConnectionString))
        {
            await using var held = await db.Database.BeginTransactionAsync();
            await db.LockLotAsync(last.Lot.LotId, default);
            imports = [host.ImportAsync(File((lot, first), last, (lot, second))), host.ImportAsync(File((lot, second), last, (lot, first)))];
            await ServiceFixture.EventuallyAsync(async () => (await db.Database.SqlQuery<int>($"""
                select count(*)::int as "Value" from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())
                """).ToListAsync()).Single() == 2, "both files to wait");
        }
        var accounts = await host.InDbAsync((EscrowDb db) => db.SubAccounts.Where(s => s.LotId == lot.LotId).ToDictionaryAsync(s => s.BidderId, s => s.Id));
        var (a, b) = (accounts[first.Id], accounts[second.Id]);
        var others = new List<Task<HttpResponseMessage>>();
        for (var n = 0; n < 5; n++)
        {
            others.Add(host.As(Roles.Finance).PostAsync("/api/escrow/corrections", new CorrectBooks.Request(n % 2 == 0 ? a : b, n % 2 == 0 ? b : a, lot.Deposit * 9, "D"), Guid.CreateVersion7().ToString()));
            others.Add(host.As(Roles.Finance).PostAsync($"/api/escrow/days/{host.Today}/close", new CloseDay.Request("CNY", new string('0', 64))));
        }
        foreach (var answer in await Task.WhenAll(imports)) Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        foreach (var answer in await Task.WhenAll(others)) Assert.Contains(await answer.CodeAsync(), new[] { "exceeds-credits", "day-not-over" });
        foreach (var bidder in new[] { first, second, last.Bidder }) Assert.Single(await host.PublishedAsync<DepositSecured, EscrowDb>(), e => e.BidderId == bidder.Id);
        await host.BooksHoldAsync();
    }

    private async Task<Taken> RepeatUntilAnsweredAsync(BankNotice notice)
    {
        Taken? taken = null;
        string file = new CamtText(false, 8, notice.Line) { CreatedAt = EscrowHost.Text(host.Clock.GetUtcNow()) };
        await ServiceFixture.EventuallyAsync(async () =>
        {
            using var answer = await host.ImportAsync(file);
            if (answer.IsSuccessStatusCode && Assert.Single((await EscrowHost.ReadAsync<ImportBankFile.Response>(answer)).Entries) is var line) taken = new Taken(line.State, line.Outcome!.Value, line.Code);
            else Assert.Contains((int)answer.StatusCode, new[] { 500, 503 });
            return taken is not null;
        }, "an answer");
        return taken!;
    }

    // The service's own connections to its own database, ever more rarely, so that work gets done on a slow machine too.
    private async Task<int> KillConnectionsAsync(CancellationToken stop)
    {
        var killed = 0;
        await using var server = NpgsqlDataSource.Create(Servers.Postgres);
        for (var pause = TimeSpan.FromMilliseconds(5); !stop.IsCancellationRequested; pause *= 1.3)
        {
            await using var kill = server.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1 and state <> 'idle'");
            kill.Parameters.AddWithValue(new NpgsqlConnectionStringBuilder(host.ConnectionString).Database!);
            killed += (int)(long)(await kill.ExecuteScalarAsync(CancellationToken.None))!;
            await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return killed;
    }

    private async Task<(Outcome, string?)> OutcomeAsync(BankNotice notice)
    {
        var answer = await host.TakenAsync(notice);
        return (answer.Outcome, answer.Code);
    }
}
