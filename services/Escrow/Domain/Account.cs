namespace Tendering.Escrow.Domain;

public enum AccountKind { Asset, Liability, Expense }

/// <summary>What an account may never do, with what is pending counted against it.</summary>
public enum AccountLimit { None, DebitsWithinCredits, CreditsWithinDebits }

/// <summary>
/// An account in one currency. A system account keeps no running row, so that transfers do not queue on it; its balance is the sum of
/// its transfers, and for that reason it has no limit.
/// </summary>
public sealed record Account(Guid Id, string Code, string Name, AccountKind Kind, string Currency, AccountLimit Limit, bool IsSystem);

/// <summary>The four sums of an account, in minor units; none of them is ever negative.</summary>
public readonly record struct Balance(long Debits, long Credits, long PendingDebits, long PendingCredits)
{
    /// <summary>A limit counts what is held.</summary>
    public bool Keeps(AccountLimit limit) => limit switch
    {
        AccountLimit.DebitsWithinCredits => (Int128)Debits + PendingDebits <= Credits,
        AccountLimit.CreditsWithinDebits => (Int128)Credits + PendingCredits <= Debits,
        _ => true,
    };
}
