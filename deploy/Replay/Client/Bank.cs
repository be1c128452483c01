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

    public void Dispose() => _session.Dispose();
}
