namespace Tendering.Tenders.Domain;

/// <summary>Amounts are whole numbers of a currency's minor unit (fen, yen).</summary>
public static class Money
{
    /// <summary>No amount is larger: canonical JSON writes whole numbers up to 2^53.</summary>
    public const long AmountMax = 9_000_000_000_000_000;

    private static readonly Dictionary<string, int> MinorDigits = new() { ["CNY"] = 2, ["JPY"] = 0 };

    /// <summary>The amount that a rule of law names in whole units, in minor units.</summary>
    public static long ToMinor(decimal units, string currency)
    {
        if (!MinorDigits.TryGetValue(currency, out var digits)) throw new ArgumentException($"The minor unit of {currency} is not known.", nameof(currency));
        for (; digits > 0; digits--) units *= 10;
        return (long)units;
    }
}
