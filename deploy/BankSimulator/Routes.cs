namespace Tendering.BankSimulator;

/// <summary>The bank's counter. No authentication: it serves the local run only.</summary>
public static class Routes
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    public sealed record AccountRequest(string Number, string Name, string Currency, long Balance);
    public sealed record AccountAnswer(string Number, string Name, string Currency, long Balance, Movement[] Movements);
    public sealed record PaymentRequest(string From, string ToAccountNumber, long Amount, string Currency, string? Reference = null);

    /// <summary>Status is that of escrow's answer to the notice; null while there is none.</summary>
    public sealed record PaymentAnswer(string Reference, int? Status, string? Outcome, string? Code);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/accounts", Open);
        routes.MapGet("/accounts/{number}", (string number, Bank bank) => Results.Ok(bank.Read(number, Describe)));
        routes.MapGet("/escrow", (Bank bank) => Results.Ok(bank.EscrowBalances()));
        routes.MapPost("/payments", PayAsync);
        routes.MapGet("/payments/{reference}", (string reference, Bank bank) =>
            Results.Ok(Describe(bank.Find(reference) ?? throw new BankRefusalException(404, "payment-not-found", "There is no such payment."))));
    }

    private static IResult Open(AccountRequest request, Bank bank)
    {
        if (request.Number.Length is 0 or > 40 || request.Name.Length is 0 or > 200 || request.Currency.Length != 3 || request.Balance < 0)
            throw new BankRefusalException(400, "malformed", "An account has a number, a name, a currency of three letters and a balance of 0 or more.");
        bank.Open(new AccountOpened(request.Number, request.Name, request.Currency, request.Balance));
        return Results.Created($"/accounts/{Uri.EscapeDataString(request.Number)}", bank.Read(request.Number, Describe));
    }

    private static async Task<IResult> PayAsync(PaymentRequest request, bool? wait, Bank bank, Gateway gateway, DeliverNotices notices, CancellationToken ct)
    {
        if (request.Amount <= 0 || request.Reference is { Length: 0 or > 64 } || request.ToAccountNumber.Length is 0 or > 40)
            throw new BankRefusalException(400, "malformed", "A payment has an amount above 0, an account to go to, and a reference of at most 64 characters if any.");
        var reference = request.Reference ?? $"N{Guid.CreateVersion7():N}";
        var bookedAt = bank.Find(reference)?.Booked.BookedAt ?? await gateway.NowAsync(ct);
        var payment = bank.Pay(reference, request.From, request.ToAccountNumber, request.Amount, request.Currency, bookedAt);
        var answered = notices.Deliver(payment);
        if (wait == true) await Task.WhenAny(answered, Task.Delay(WaitMax, ct));
        var answer = Describe(bank.Find(reference)!);
        return answer.Status is null ? Results.Accepted($"/payments/{reference}", answer) : Results.Ok(answer);
    }

    private static AccountAnswer Describe(Account a) => new(a.Number, a.Name, a.Currency, a.Balance, [.. a.Movements]);

    private static PaymentAnswer Describe(Payment p) => new(p.Booked.Reference, p.Answer?.Status, p.Answer?.Outcome, p.Answer?.Code);
}
