namespace Tendering.Escrow.Domain;

public enum SystemAccount { Bank, Held, Transit, Suspense, Treasury, Interest, Fees }

/// <summary>The chart of accounts: seven system accounts a currency, and a sub-account for each bidder and lot.</summary>
public static class Chart
{
    /// <summary>The same everywhere, so that nobody has to look it up.</summary>
    public static Guid IdOf(SystemAccount account, string currency) => DerivedId.Of($"account:{CodeOf(account, currency)}");

    public static IReadOnlyList<Account> SystemAccounts(string currency) =>
    [
        System(SystemAccount.Bank, "Escrow account at the bank", AccountKind.Asset, currency),
        System(SystemAccount.Held, "Deposits held", AccountKind.Liability, currency),
        System(SystemAccount.Transit, "Payments in transit", AccountKind.Liability, currency),
        System(SystemAccount.Suspense, "Money of unknown or wrong payers", AccountKind.Liability, currency),
        System(SystemAccount.Treasury, "Forfeits owed to the treasury", AccountKind.Liability, currency),
        System(SystemAccount.Interest, "Interest", AccountKind.Expense, currency),
        System(SystemAccount.Fees, "Fees of the bank", AccountKind.Expense, currency),
    ];

    /// <summary>What a bidder has paid for a lot and may have back; never more leaves it than came.</summary>
    public static Account SubAccount(Guid id, string number, string currency) =>
        new(id, number, "Sub-account", AccountKind.Liability, currency, AccountLimit.DebitsWithinCredits, IsSystem: false);

    /// <summary>Where the issuer of a guarantee letter pays what is claimed; it goes on to the treasury at once.</summary>
    public static Account Claim(Guid id, string number, string currency) => new(id, number, "Claim on a guarantee letter", AccountKind.Liability, currency, AccountLimit.DebitsWithinCredits, IsSystem: false);

    private static Account System(SystemAccount account, string name, AccountKind kind, string currency) =>
        new(IdOf(account, currency), CodeOf(account, currency), name, kind, currency, AccountLimit.None, IsSystem: true);

    private static string CodeOf(SystemAccount account, string currency) => $"{account}:{currency}".ToLowerInvariant();
}
