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
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), "Waited 20 s.");
            await Task.Delay(20);
        }
    }

    [Fact]
    public async Task A_payment_takes_the_money_and_waits_for_the_answer_if_asked_to()
    {
        var answer = await PayAsync(reference: "R1", wait: true);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(new Routes.PaymentAnswer("R1", 201, "secured", null), await answer.Content.ReadFromJsonAsync<Routes.PaymentAnswer>());
        var (key, notice) = Assert.Single(_gateway.Notices);
        Assert.Equal("R1", key);
        Assert.Equal(("R1", "8800000000000011", 300, "CNY", "6222", "Builders", FakeGateway.Now), (notice.GetProperty("reference").GetString(), notice.GetProperty("accountNumber").GetString(),
            notice.GetProperty("amount").GetInt64(), notice.GetProperty("currency").GetString(), notice.GetProperty("payerAccount").GetString(), notice.GetProperty("payerName").GetString(),
            notice.GetProperty("bookedAt").GetDateTimeOffset()));
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
        Assert.Single(_gateway.Notices);
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
        Assert.Empty(_gateway.Notices);
    }

    [Fact]
    public async Task A_notice_is_repeated_until_it_is_answered()
    {
        foreach (var status in new[] { 500, 503, 404, 429 }) _gateway.Failures.Enqueue(status);
        var answer = await PayAsync(reference: "R1", wait: true);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(5, _gateway.Notices.Count);
        Assert.All(_gateway.Notices, n => Assert.Equal("R1", n.Key));
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
        await EventuallyAsync(() => Task.FromResult(_gateway.Notices.Count > 1));
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
    public async Task Orders_are_paid_once_and_confirmed_until_the_confirmation_is_answered()
    {
        await PayAsync(reference: "R1", wait: true);
        _gateway.Failures.Enqueue(503);
        foreach (var n in Enumerable.Range(1, 5)) Order(n, "6222", 10);
        Order(6, "an account at another bank", 7);
        await EventuallyAsync(() => Task.FromResult(_gateway.Orders.IsEmpty));
        Assert.Equal(750, (await AccountAsync()).Balance);
        Assert.Equal(7, _gateway.Confirmations.Count);
        Assert.Equal(6, _gateway.Confirmations.Distinct().Count());
        Assert.Equal(243, (await _bank.GetFromJsonAsync<Dictionary<string, long>>("/escrow"))!["CNY"]);
    }

    [Fact]
    public async Task An_order_paid_before_a_crash_is_confirmed_after_it_and_not_paid_again()
    {
        for (var i = 0; i < 200; i++) _gateway.Failures.Enqueue(503);
        Order(1, "6222", 10);
        await EventuallyAsync(() => Task.FromResult(!_gateway.Confirmations.IsEmpty));
        await _app.DisposeAsync();
        _gateway.Failures.Clear();
        await StartAsync();
        await EventuallyAsync(() => Task.FromResult(_gateway.Orders.IsEmpty));
        Assert.Equal(1_010, (await AccountAsync()).Balance);
        Assert.Single(_gateway.Confirmations.Distinct());
    }

    [Fact]
    public async Task An_account_is_opened_once()
    {
        Assert.Equal(HttpStatusCode.Created, (await _bank.PostAsJsonAsync("/accounts", new Routes.AccountRequest("6222", "Builders", "CNY", 1_000))).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _bank.PostAsJsonAsync("/accounts", new Routes.AccountRequest("6222", "Others", "CNY", 1_000))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _bank.GetAsync("/health/ready")).StatusCode);
    }

    private void Order(int sequence, string to, long amount)
    {
        var order = new PaymentOrder(Guid.CreateVersion7(), sequence, to, "Builders", amount, "CNY", "refund");
        _gateway.Orders[order.Id] = order;
    }
}
