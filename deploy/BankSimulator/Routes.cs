namespace Tendering.BankSimulator;

/// <summary>The bank's counter. No authentication: it serves the local run only.</summary>
public static class Routes
{
    // A reversal's reference and a message id have a letter more, and the format takes 35.
    private const int ReferenceMax = 33;
    private const int StatementsMax = 31;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    public sealed record AccountRequest(string Number, string Name, string Currency, long Balance);
    public sealed record AccountAnswer(string Number, string Name, string Currency, long Balance, Movement[] Movements);
    public sealed record PaymentRequest(string From, string ToAccountNumber, long Amount, string Currency, string? Reference = null);

    /// <summary>The next <paramref name="Count"/> payments, or orders, go wrong: late, twice, reversed, wrong-name (payments only), lost.</summary>
    public sealed record MisbehaviourRequest(string Fault, bool OfOrders, int Count);

    /// <summary>Status is that of escrow's answer to the notice; null while there is none.</summary>
    public sealed record PaymentAnswer(string Reference, int? Status, string? Outcome, string? Code);

    /// <summary>Without an amount: what the escrow account is short of.</summary>
    public sealed record InterestRequest(string Currency, long? Amount = null);

    public sealed record InterestAnswer(string Reference, long Amount);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/accounts", Open);
        routes.MapGet("/accounts/{number}", (string number, Bank bank) => Results.Ok(bank.Read(number, Describe)));
        routes.MapGet("/escrow", (Bank bank) => Results.Ok(bank.EscrowBalances()));
        routes.MapPost("/misbehaviour", Misbehave);
        routes.MapPost("/statements", async (bool? today, SendStatements statements, CancellationToken ct) => Results.Ok(await statements.SendAsync(today == true, ct)));
        routes.MapGet("/statements", (string currency, Bank bank) => Results.Ok(bank.LastStatements(currency, StatementsMax)));
        routes.MapPost("/interest", CreditInterestAsync);
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

    private static IResult Misbehave(MisbehaviourRequest request, Bank bank)
    {
        if (!Enum.TryParse<Fault>(request.Fault.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var fault) || !Enum.IsDefined(fault) || fault == Fault.None || request.Count is < 0 or > 1_000
            || (fault == Fault.WrongName && request.OfOrders))
            throw new BankRefusalException(400, "malformed", "A fault is late, twice, reversed, wrong-name or lost, of payments or of orders, and a count of at most 1000.");
        bank.Misbehave(new MisbehaviourAsked(fault, request.OfOrders, request.Count));
        return Results.NoContent();
    }

    private static async Task<IResult> PayAsync(PaymentRequest request, bool? wait, Bank bank, Gateway gateway, DeliverNotices notices, CancellationToken ct)
    {
        if (request.Amount <= 0 || request.Reference is { Length: 0 or > ReferenceMax } || request.ToAccountNumber.Length is 0 or > 40)
            throw new BankRefusalException(400, "malformed", "A payment has an amount above 0, an account to go to, and a reference of at most 33 characters if any.");
        var reference = request.Reference ?? $"N{Guid.CreateVersion7():N}";
        var bookedAt = bank.Find(reference)?.Booked.BookedAt ?? await gateway.NowAsync(ct);
        var payment = bank.Pay(reference, request.From, request.ToAccountNumber, request.Amount, request.Currency, bookedAt);
        var answered = notices.Deliver(reference);
        if (wait == true) await Task.WhenAny(answered, Task.Delay(WaitMax, ct));
        var answer = Describe(bank.Find(reference)!);
        return answer.Status is null ? Results.Accepted($"/payments/{reference}", answer) : Results.Ok(answer);
    }

    private static async Task<IResult> CreditInterestAsync(InterestRequest request, Bank bank, Gateway gateway, DeliverNotices notices, CancellationToken ct)
    {
        if (request.Currency.Length != 3 || request.Amount <= 0) throw new BankRefusalException(400, "malformed", "Interest has a currency of three letters, and an amount above 0 if any.");
        var entry = bank.CreditInterest(request.Currency, request.Amount, await gateway.NowAsync(ct));
        _ = notices.Deliver(entry.Reference);
        return Results.Ok(new InterestAnswer(entry.Reference, entry.Amount));
    }

    private static AccountAnswer Describe(Account a) => new(a.Number, a.Name, a.Currency, a.Balance, [.. a.Movements]);

    private static PaymentAnswer Describe(Payment p) => new(p.Booked.Reference, p.Answer?.Status, p.Answer?.Outcome, p.Answer?.Code);
}
