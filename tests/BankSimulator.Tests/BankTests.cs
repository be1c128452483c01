using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tendering.BankSimulator.Tests;

public sealed class BankTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "bank-" + Guid.NewGuid().ToString("N"));
    private FakeGateway _gateway = null!;
    private WebApplication _app = null!;
    private HttpClient _bank = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await FakeGateway.StartAsync();
        await StartAsync();
        Assert.Equal(HttpStatusCode.Created, (await _bank.PostAsJsonAsync("/accounts", new Routes.AccountRequest("6222", "Builders", "CNY", 1_000))).StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _gateway.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private async Task StartAsync()
    {
        _app = BankHost.Build(["--urls=http://127.0.0.1:0", $"--Gateway:Url={_gateway.Address}", $"--Machines:bank:Secret={FakeGateway.Secret}", $"--Bank:Folder={_folder}", "--Logging:LogLevel:Default=Warning"]);
        await _app.StartAsync();
        _bank = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    private async Task RestartAsync()
    {
        await _app.DisposeAsync();
        await StartAsync();
    }

    private Task<HttpResponseMessage> PayAsync(long amount = 300, string? reference = null, bool wait = false, string currency = "CNY", string from = "6222", string to = "8800000000000011") =>
        _bank.PostAsJsonAsync($"/payments?wait={(wait ? "true" : "false")}", new Routes.PaymentRequest(from, to, amount, currency, reference));

    private async Task<Routes.AccountAnswer> AccountAsync() => (await _bank.GetFromJsonAsync<Routes.AccountAnswer>("/accounts/6222"))!;

    private async Task<Routes.PaymentAnswer> PaymentAsync(string reference) => (await _bank.GetFromJsonAsync<Routes.PaymentAnswer>($"/payments/{reference}"))!;

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "Waited 60 s.");
            await Task.Delay(20);
        }
    }

    [Fact]
    public async Task A_payment_takes_the_money_and_waits_for_the_answer_if_asked_to()
    {
        var answer = await PayAsync(reference: "R1", wait: true);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(new Routes.PaymentAnswer("R1", 201, "secured", null), await answer.Content.ReadFromJsonAsync<Routes.PaymentAnswer>());
        var line = Assert.Single(_gateway.Credits);
        Assert.Equal(new BankLine("R1", true, false, 3.00m, "CNY", "R1", "6222", "Builders", "8800000000000011", FakeGateway.Now), line);
        Assert.Equal(700, (await AccountAsync()).Balance);
        Assert.Equal(300, (await _bank.GetFromJsonAsync<Dictionary<string, long>>("/escrow"))!["CNY"]);
    }

    [Fact]
    public async Task The_same_payment_again_is_paid_once_and_another_under_its_reference_is_refused()
    {
        await PayAsync(reference: "R1", wait: true);
        Assert.True((await PayAsync(reference: "R1", wait: true)).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await PayAsync(301, "R1")).StatusCode);
        Assert.Equal(700, (await AccountAsync()).Balance);
        Assert.Single(_gateway.Files);
    }

    public static TheoryData<long, string, string, HttpStatusCode, string> Refusals => new()
    {
        { 1_001, "CNY", "6222", HttpStatusCode.Conflict, "insufficient-funds" }, { 1, "USD", "6222", HttpStatusCode.Conflict, "wrong-currency" },
        { 1, "CNY", "0000", HttpStatusCode.NotFound, "account-not-found" }, { 0, "CNY", "6222", HttpStatusCode.BadRequest, "malformed" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_payment_that_cannot_be_made_takes_no_money(long amount, string currency, string from, HttpStatusCode status, string code)
    {
        var answer = await PayAsync(amount, currency: currency, from: from);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains($"\"{code}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1_000, (await AccountAsync()).Balance);
        Assert.Empty(_gateway.Files);
    }

    [Fact]
    public async Task A_notice_is_repeated_until_it_is_answered()
    {
        foreach (var status in new[] { 500, 503, 404, 429 }) _gateway.Failures.Enqueue(status);
        var answer = await PayAsync(reference: "R1", wait: true);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(5, _gateway.Files.Count);
        Assert.Single(_gateway.Distinct);                    // the same file each time
    }

    [Fact]
    public async Task A_refusal_is_an_answer()
    {
        _gateway.NoticeAnswer = (409, new { code = "bank-reference-reused" });
        var answer = await (await PayAsync(reference: "R1", wait: true)).Content.ReadFromJsonAsync<Routes.PaymentAnswer>();
        Assert.Equal(new Routes.PaymentAnswer("R1", 409, null, "bank-reference-reused"), answer);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_fetched_anew()
    {
        await PayAsync(reference: "R1", wait: true);
        _gateway.Revoke();
        Assert.Equal(HttpStatusCode.OK, (await PayAsync(reference: "R2", wait: true)).StatusCode);
    }

    [Fact]
    public async Task A_killed_bank_knows_everything_and_delivers_what_was_not_answered()
    {
        await PayAsync(100, "R1", wait: true);
        for (var i = 0; i < 200; i++) _gateway.Failures.Enqueue(503);
        Assert.Equal(HttpStatusCode.Accepted, (await PayAsync(200, "R2")).StatusCode);
        await EventuallyAsync(() => Task.FromResult(_gateway.Files.Count > 1));
        await _app.DisposeAsync();
        _gateway.Failures.Clear();
        // As if the process had died in the middle of a line.
        await File.AppendAllTextAsync(Path.Combine(_folder, "journal.jsonl"), """{"type":"payment-booked","reference":"R3","fr""");
        await StartAsync();
        await EventuallyAsync(async () => (await PaymentAsync("R2")).Outcome == "secured");
        Assert.Equal(700, (await AccountAsync()).Balance);
        Assert.Equal(HttpStatusCode.NotFound, (await _bank.GetAsync("/payments/R3")).StatusCode);
        await PayAsync(50, "R3", wait: true);
        await RestartAsync();
        Assert.Equal(650, (await AccountAsync()).Balance);
        Assert.Equal(["R1", "R2", "R3"], (await AccountAsync()).Movements.Select(m => m.Reference));
    }

    [Fact]
    public async Task While_the_system_is_away_nothing_is_taken_for_its_time_is_not_known()
    {
        _gateway.IsDown = true;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PayAsync(reference: "R1")).StatusCode);
        _gateway.IsDown = false;
        Assert.Equal(1_000, (await AccountAsync()).Balance);
        Assert.Equal(HttpStatusCode.OK, (await PayAsync(reference: "R1", wait: true)).StatusCode);
    }

    [Fact]
    public async Task Orders_are_paid_once_by_their_end_to_end_id_and_shown_until_the_notice_is_answered()
    {
        await PayAsync(reference: "R1", wait: true);
        _gateway.Failures.Enqueue(503);
        foreach (var n in Enumerable.Range(1, 5)) _gateway.Order(n, ($"e{n}", 10, "6222"));
        _gateway.Order(6, ("e6", 7, "another bank"), ("e5", 10, "6222"));              // e5 again: the bank sees the double
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Count == 6 && _gateway.Failures.IsEmpty));
        await EventuallyAsync(async () => (await AccountAsync()).Balance == 750);
        Assert.Equal(["e1", "e2", "e3", "e4", "e5", "e6"], _gateway.Debits.Select(d => d.EndToEndId).Order());
        Assert.Equal(243, (await _bank.GetFromJsonAsync<Dictionary<string, long>>("/escrow"))!["CNY"]);
    }

    [Fact]
    public async Task An_order_paid_before_a_crash_is_shown_after_it_and_not_paid_again()
    {
        for (var i = 0; i < 200; i++) _gateway.Failures.Enqueue(503);
        _gateway.Order(1, ("e1", 10, "6222"));
        await EventuallyAsync(() => Task.FromResult(!_gateway.Files.IsEmpty));
        await _app.DisposeAsync();
        _gateway.Failures.Clear();
        var before = _gateway.Files.Count;
        await StartAsync();
        await EventuallyAsync(() => Task.FromResult(_gateway.Files.Count > before));
        Assert.Equal(1_010, (await AccountAsync()).Balance);
        Assert.Single(_gateway.Distinct);
    }

    private async Task MisbehaveAsync(string fault, bool ofOrders = false) =>
        Assert.Equal(HttpStatusCode.NoContent, (await _bank.PostAsJsonAsync("/misbehaviour", new Routes.MisbehaviourRequest(fault, ofOrders, 1))).StatusCode);

    [Fact]
    public async Task A_payment_can_be_told_late_twice_under_another_name_taken_back_or_lost()
    {
        await MisbehaveAsync("twice");
        await PayAsync(1, "R1", wait: true);
        Assert.Equal(["R1", "R1"], _gateway.Credits.Select(c => c.Reference));
        await MisbehaveAsync("wrong-name");
        await PayAsync(1, "R2", wait: true);
        Assert.NotEqual("Builders", Assert.Single(_gateway.Credits, c => c.Reference == "R2").CounterpartyName);
        await MisbehaveAsync("reversed");
        await PayAsync(1, "R3", wait: true);
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Count == 1));
        Assert.Equal(("RR3", "R3", true, 0.01m), (_gateway.Debits[0].Reference, _gateway.Debits[0].EndToEndId, _gateway.Debits[0].IsReversal, _gateway.Debits[0].Amount));
        Assert.Equal(998, (await AccountAsync()).Balance);
        await MisbehaveAsync("lost");
        await PayAsync(1, "R4");
        await MisbehaveAsync("late");
        await PayAsync(1, "R5");
        await PayAsync(1, "R6", wait: true);
        Assert.DoesNotContain(_gateway.Credits, c => c.Reference is "R4" or "R5");
        await RestartAsync();

        // The day's statement shows what was late, and not what was lost; it opens with nothing and closes with what is there.
        _gateway.Clock = FakeGateway.Now.AddDays(1);
        await EventuallyAsync(() => Task.FromResult(_gateway.Statements.Count == 1));
        Assert.Equal(["R1", "R2", "R3", "R5", "R6", "RR3"], BankLine.Of(_gateway.Statements[0]).Select(l => l.Reference).Order());
        var ns = _gateway.Statements[0].Name.Namespace;
        Assert.Equal(["0.00", "0.04"], _gateway.Statements[0].Descendants(ns + "Bal").Select(b => b.Element(ns + "Amt")!.Value));
        Assert.DoesNotContain(_gateway.Credits, c => c.Reference is "R4" or "R5");
    }

    [Fact]
    public async Task An_order_can_be_paid_twice_come_back_or_be_lost_until_it_is_sent_again()
    {
        await MisbehaveAsync("twice", ofOrders: true);
        _gateway.Order(1, ("e1", 10, "6222"));
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Count == 2));
        Assert.Equal(["Pe1", "TPe1"], _gateway.Debits.Select(d => d.Reference).Order());
        await MisbehaveAsync("reversed", ofOrders: true);
        _gateway.Order(2, ("e2", 10, "6222"));
        await EventuallyAsync(() => Task.FromResult(_gateway.Credits.Count == 1));
        Assert.Equal(("e2", true), (_gateway.Credits[0].EndToEndId, _gateway.Credits[0].IsReversal));
        await EventuallyAsync(async () => (await AccountAsync()).Balance == 1_020);
        await MisbehaveAsync("lost", ofOrders: true);
        _gateway.Order(3, ("e3", 10, "6222"), ("e4", 10, "6222"));
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Any(d => d.EndToEndId == "e4")));
        Assert.DoesNotContain(_gateway.Debits, d => d.EndToEndId == "e3");
        _gateway.Order(4, ("e3", 10, "6222"));
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Any(d => d.EndToEndId == "e3")));
    }

    [Fact]
    public async Task The_bank_credits_interest_and_what_was_paid_out_as_interest_leaves_the_account_at_nothing()
    {
        await PayAsync(300, "R1", wait: true);
        _gateway.Order(1, ("e1", 307, "6222"));                                  // a refund with its interest
        await EventuallyAsync(() => Task.FromResult(_gateway.Debits.Count == 1));
        async Task<long> EscrowAsync() => (await _bank.GetFromJsonAsync<Dictionary<string, long>>("/escrow"))!["CNY"];
        Assert.Equal(-7, await EscrowAsync());
        var credited = await (await _bank.PostAsJsonAsync("/interest", new Routes.InterestRequest("CNY"))).Content.ReadFromJsonAsync<Routes.InterestAnswer>();
        Assert.Equal((7, 0), (credited!.Amount, await EscrowAsync()));
        await EventuallyAsync(() => Task.FromResult(_gateway.Credits.Count == 2));
        var line = Assert.Single(_gateway.Credits, c => c.Reference == credited.Reference);
        Assert.Equal((0.07m, "", "", null), (line.Amount, line.CounterpartyAccount, line.EndToEndId, line.VirtualAccount));
        Assert.Equal(HttpStatusCode.Conflict, (await _bank.PostAsJsonAsync("/interest", new Routes.InterestRequest("CNY"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _bank.PostAsJsonAsync("/interest", new Routes.InterestRequest("CNY", 0))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _bank.PostAsJsonAsync("/interest", new Routes.InterestRequest("CNY", 5))).StatusCode);
        await RestartAsync();
        Assert.Equal(5, await EscrowAsync());
        await _bank.PostAsync("/statements?today=true", null);
        Assert.Contains(BankLine.Of(_gateway.Statements[^1]), l => l.Reference == credited.Reference);
    }

    [Fact]
    public async Task A_statement_can_be_asked_for_within_the_day_and_the_next_goes_on_from_it()
    {
        await PayAsync(100, "R1", wait: true);
        Assert.Equal(HttpStatusCode.OK, (await _bank.PostAsync("/statements?today=true", null)).StatusCode);
        await PayAsync(50, "R2", wait: true);
        Assert.Equal(HttpStatusCode.OK, (await _bank.PostAsync("/statements?today=true", null)).StatusCode);
        Assert.Equal([100m, 150m], _gateway.Statements.Select(s => decimal.Parse(s.Descendants(s.Name.Namespace + "Bal").Last().Element(s.Name.Namespace + "Amt")!.Value, System.Globalization.CultureInfo.InvariantCulture) * 100));
        Assert.Equal([150, 100], (await _bank.GetFromJsonAsync<StatementMade[]>("/statements?currency=CNY"))!.Select(s => s.Closing));
        Assert.Empty((await _bank.GetFromJsonAsync<StatementMade[]>("/statements?currency=JPY"))!);
        Assert.Equal(HttpStatusCode.BadRequest, (await _bank.PostAsJsonAsync("/misbehaviour", new Routes.MisbehaviourRequest("sleepy", false, 1))).StatusCode);
    }

    [Fact]
    public async Task An_account_is_opened_once()
    {
        Assert.Equal(HttpStatusCode.Created, (await _bank.PostAsJsonAsync("/accounts", new Routes.AccountRequest("6222", "Builders", "CNY", 1_000))).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _bank.PostAsJsonAsync("/accounts", new Routes.AccountRequest("6222", "Others", "CNY", 1_000))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _bank.GetAsync("/health/ready")).StatusCode);
    }
}
