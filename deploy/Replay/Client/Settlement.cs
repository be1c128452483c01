using System.Diagnostics;

namespace Tendering.Replay.Client;

/// <summary>The escrow account after a settlement, in minor units; <paramref name="Differences"/> are those that keep the last stated day open.</summary>
public sealed record EscrowAccount(long InterestCredited, long AtBank, long InBooks, DateOnly? Day, string[] Differences)
{
    public bool Agrees => AtBank == InBooks && AtBank >= 0 && Differences.Length == 0;

    public override string ToString() => $"At the bank {AtBank}, in the books {InBooks}, differences of {Day:yyyy-MM-dd}: {(Differences.Length == 0 ? "none" : string.Join(", ", Differences))}.";
}

/// <summary>
/// The last act of a run, when all refunds are paid. They bore interest that the bank has not credited yet: finance asks for what the books say was paid out, and takes it from the work list as what it is.
/// Then the bank states its day, and the day is held against the books.
/// </summary>
public static class Settlement
{
    private const string WorkItems = "api/escrow/work-items";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1), Pause = TimeSpan.FromMilliseconds(500);

    public static async Task<EscrowAccount> SettleAsync(this Market market, string currency, CancellationToken ct)
    {
        var interest = await BalanceAsync(market, "interest", currency, ct);
        if (interest > 0) await CreditAsync(market, currency, interest, ct);
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, ct))
        {
            // An entry that comes meanwhile is on the next statement.
            await market.Bank.StateDayAsync(ct);
            var account = await CompareAsync(market, currency, Math.Max(interest, 0), ct);
            if (account.Agrees || Stopwatch.GetElapsedTime(start) > Patience) return account;
        }
    }

    private static async Task CreditAsync(Market market, string currency, long amount, CancellationToken ct)
    {
        var last = 0L;
        while (await ItemsAfterAsync(market, last, ct) is { Length: > 0 } page) last = page[^1].Sequence;
        var credited = await market.Bank.CreditInterestAsync(currency, amount, ct);
        var items = await market.Finance.UntilAsync<WorkListItem[]>($"{WorkItems}?after={last}", page => Array.Exists(page, IsCredited), "the interest on the work list", ct);
        await market.Finance.PostAsync($"{WorkItems}/{Array.Find(items, IsCredited)!.Id}/resolution", new { resolution = "interest", documentNumber = $"advice of interest {credited.Reference}" }, ct);

        bool IsCredited(WorkListItem item) => item.Reference == credited.Reference;
    }

    private static async Task<EscrowAccount> CompareAsync(Market market, string currency, long interest, CancellationToken ct)
    {
        var day = (await market.Bank.StatementsAsync(currency, ct)).FirstOrDefault()?.Day;
        var differences = day is null ? [] : (await market.Finance.GetAsync<DayReconciliation>($"api/escrow/days/{day:yyyy-MM-dd}/reconciliation?currency={currency}", ct)).Report.Differences;
        return new EscrowAccount(interest, await market.Bank.EscrowBalanceAsync(currency, ct), await BalanceAsync(market, "bank", currency, ct), day, [.. differences.Where(d => d.Blocks).Select(d => d.Code)]);
    }

    private static Task<WorkListItem[]> ItemsAfterAsync(Market market, long sequence, CancellationToken ct) => market.Finance.GetAsync<WorkListItem[]>($"{WorkItems}?after={sequence}", ct);

    private static async Task<long> BalanceAsync(Market market, string account, string currency, CancellationToken ct)
    {
        var balance = await market.Finance.GetAsync<AccountBalance>($"api/escrow/accounts/{account}:{currency.ToLowerInvariant()}/balance", ct);
        return balance.Debits - balance.Credits;
    }
}
