namespace Tendering.Replay.Client;

/// <summary>The bank where bidders keep their accounts.</summary>
public sealed class Bank(Uri address) : IDisposable
{
    private readonly Session _session = new(address);

    public Task OpenAccountAsync(string number, string name, string currency, long balance, CancellationToken ct) =>
        _session.PostAsync("accounts", new { number, name, currency, balance }, ct);

    public Task<BankAccount> AccountAsync(string number, CancellationToken ct) => _session.GetAsync<BankAccount>($"accounts/{number}", ct);

    public Task<BankAccount> AccountWhenAsync(string number, Func<BankAccount, bool> holds, string what, CancellationToken ct) => _session.UntilAsync($"accounts/{number}", holds, what, ct);

    public Task PayAsync(string from, string toAccountNumber, long amount, string currency, CancellationToken ct) =>
        _session.PostAsync("payments", new { from, toAccountNumber, amount, currency, reference = $"P{Guid.CreateVersion7():N}" }, ct);

    /// <summary>The bank credits interest to the escrow account.</summary>
    public Task<InterestCredit> CreditInterestAsync(string currency, long amount, CancellationToken ct) => _session.PostAsync<InterestCredit>("interest", new { currency, amount }, ct);

    /// <summary>What has moved and is on no statement yet is stated now.</summary>
    public Task StateDayAsync(CancellationToken ct) => _session.PostAsync("statements?today=true", new { }, ct);

    /// <summary>The newest first.</summary>
    public Task<StatedDay[]> StatementsAsync(string currency, CancellationToken ct) => _session.GetAsync<StatedDay[]>($"statements?currency={currency}", ct);

    public async Task<long> EscrowBalanceAsync(string currency, CancellationToken ct) => (await _session.GetAsync<Dictionary<string, long>>("escrow", ct)).GetValueOrDefault(currency);

    public void Dispose() => _session.Dispose();
}
